"""The homework's report of chosen models, whole: numbers, tables, pictures, curves, derivations, protocol.

`report.typ` holds its words and formulas; Typst sets it as a PDF, or writes one HTML file that needs nothing else.
"""

import json
import tempfile
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from models.contract import Mixture, role
from training.checkpoints.reading import Checkpoint, load_checkpoint
from training.checkpoints.records import record_in
from training.data.registry import whole
from training.homework.curve import curve_svg
from training.homework.questions import Answer, problems, value_of, verdict
from training.homework.report_numbers import MODELS, Measuring, answers, derivations
from training.pictures import grids
from training.release.published import ACCURACIES, REFERENCES
from training.release.seeds import several
from training.runs.run_folder import read_metrics
from training.system.device import versions
from training.system.errors import UserError, one_of
from training.system.folders import PRETRAINED
from training.system.number_format import plus_minus, signed
from training.theory.measured import Measured

__all__ = ["FORMATS", "Format", "write_report"]

Format = Literal["html", "pdf"]
FORMATS: tuple[Format, ...] = ("html", "pdf")
BOUNDS = ("1", "10", "100", "1000")
DRAWN = ("vae", "gmvae", "fsvae")
DIGIT = 3
SETS = {"homework": "homework set", "test": "full test set"}
QUIET = Measuring()
TEMPLATE = Path(__file__).with_suffix(".typ")
STYLE = {
    "content_accuracy": "content accuracy",
    "style_leak": "style leak, nonlinear probe",
    "style_leak_linear": "style leak, linear probe",
    "style_kept": "style kept, a correlation",
}


def write_report(
    own: Mapping[str, Checkpoint], format: Format = "html", *, digit: int = DIGIT, how: Measuring = QUIET
) -> bytes:
    """The report as one file.

    Arguments:
        own: models in place of the shipped ones, by the presets that they stand for; see `MODELS`.
        digit: whose first test image the derivations are computed for.

    Raises:
        UserError: a model stands for no preset of the homework, is of another family than it, or cannot be measured.
        Cancelled: it was to stop.
    """
    models = {preset: own.get(preset) or load_checkpoint(PRETRAINED / preset) for preset in MODELS}
    for preset, checkpoint in own.items():
        if preset not in models:
            raise UserError(f"The homework has no model {preset!r}: choose {one_of(MODELS)}.")
        wanted = load_checkpoint(PRETRAINED / preset).family
        if checkpoint.family is not wanted:
            raise UserError(f"{checkpoint.name} is a {checkpoint.family.title}, and {preset} is a {wanted.title}.")
    reached = answers(models, _part(how, 0.0, 0.6))
    derived = derivations(models, digit, _part(how, 0.6, 0.85))
    with tempfile.TemporaryDirectory(prefix="elbo-lab-report-") as folder:
        place = Path(folder)
        how.say(0.85, "Drawing the pictures")
        drawn = _draw(models, place)
        facts = _facts(models, reached, digit) | {
            "curves": drawn,
            "derivations": {
                name: {key: _written(value) for key, value in found.items()} for name, found in derived.items()
            },
        }
        (place / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
        for file in (TEMPLATE, TEMPLATE.with_suffix(".css")):
            (place / file.name).write_bytes(file.read_bytes())
        how.say(0.95, "Setting the pages")
        return _typeset(place / TEMPLATE.name, format)


def _part(how: Measuring, begin: float, end: float) -> Measuring:
    """The same with progress within a part of the whole."""
    return Measuring(lambda done, doing: how.progress(begin + (end - begin) * done, doing), how.should_stop, how.cores)


def _typeset(file: Path, format: Format) -> bytes:
    import typst  # thirty megabytes, for this alone

    inputs: dict[str, str] = {"format": format}
    return bytes(typst.compile(file, root=file.parent, format=format, sys_inputs=inputs, ignore_system_fonts=True))


def _draw(models: Mapping[str, Checkpoint], place: Path) -> list[str]:
    """The figures as files; the presets that have a curve."""
    for preset in DRAWN:
        picture = grids.png_bytes(grids.grid(grids.draw_samples(models[preset].model)), model=preset, seed=0)
        (place / f"{preset}.png").write_bytes(picture)
    curves = []
    for preset in DRAWN:
        table = read_metrics(models[preset].file.parent / "metrics.jsonl", "held-out")
        if len(table.steps) > 1 and "nelbo" in table.terms:
            (place / f"{preset}-curve.svg").write_text(curve_svg(table), encoding="utf-8")
            curves.append(preset)
    return curves


def _facts(models: Mapping[str, Checkpoint], reached: Mapping[str, Answer], digit: int) -> dict[str, Any]:
    bounds_head = ["", "NELBO", "KL", "rec"]
    components, _ = _mixture(models["gmvae"]).components()
    sheet = [
        (place, question, value_of(question, reached[question.model]))
        for place, problem in enumerate(problems(), 1)
        for question in problem.questions
    ]
    return {
        "title": "Deep generative models: VAE, GMVAE, IWAE, SSVAE, FSVAE",
        "summary": f"The report of homework 2, computed by ELBO Lab on {date.today():%d %B %Y}",
        "digit": str(digit),
        "components": f"{len(components):,}",
        "variance": f"{models['fsvae'].config.model_dump().get('variance')}",
        "protocol": whole(models["vae"].data).protocol,
        "models": [_row_of(preset, checkpoint) for preset, checkpoint in models.items()],
        "training": "Every step is one of Adam on the batch mean of the loss; pixels of MNIST are drawn anew from the "
        "grey values at every step, x ~ Bernoulli(grey / 255).",
        "one_dimension": "Both sides are computed by themselves and agree to 0.00001 nats.",
        "errors": "± is the Monte-Carlo standard error on these images for this report's rows, and the standard "
        "deviation over trainings where a row says so.",
        "vae": {"head": bounds_head, "rows": _elbo_rows("vae", reached)},
        "gmvae": {"head": bounds_head, "rows": _elbo_rows("gmvae", reached)},
        "iwae": {"head": ["", "NELBO", *(f"m = {m}" for m in BOUNDS)], "rows": _bound_rows(reached)},
        "ssvae": {"head": ["", "report", "reference", "this report"], "rows": _label_rows(reached)},
        "fsvae": {"head": ["", "this report"], "rows": _style_rows(reached["fsvae"])},
        "sheet": [
            [
                str(place),
                question.asks,
                SETS.get(question.set_name, "all test images"),
                f"{question.written(question.low)} to {question.written(question.high)}",
                question.written(value),
                verdict(question, value).value,
            ]
            for place, question, value in sheet
        ],
        "ranges": "Expected is where correctly trained weights fall, by the published values. Near is outside it by at "
        "most half its width.",
        "colophon": _colophon(),
        "weights": [f"{checkpoint.name}: {checkpoint.sha256}" for checkpoint in models.values()],
    }


def _mixture(checkpoint: Checkpoint) -> Mixture:
    found = role(checkpoint.model, Mixture)
    assert found is not None
    return found


def _row_of(preset: str, checkpoint: Checkpoint) -> list[str]:
    record = record_in(checkpoint.file.parent)
    training = record.get("training", record)
    settings = {
        key: value for key, value in checkpoint.config.model_dump(mode="json").items() if key not in ("pixels", "y")
    }
    steps = checkpoint.step or record.get("steps") or training.get("steps")
    return [
        checkpoint.family.title + (", labels alone" if preset == "ssvae-supervised" else ""),
        f"{checkpoint.name} ({checkpoint.sha256[:8]})",
        f"{sum(value.numel() for value in checkpoint.model.parameters()):,}",
        f"{steps:,}" if isinstance(steps, int) else "not known",
        str(training.get("seed", "not known")),
        whole(checkpoint.data).title if training else "not known",
        ", ".join(f"{key.replace('_', ' ')} {_plain(value)}" for key, value in settings.items()),
    ]


def _plain(value: Any) -> str:
    return (
        " × ".join(map(str, value))
        if isinstance(value, list)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def _elbo_rows(preset: str, reached: Mapping[str, Answer]) -> list[list[str]]:
    """NELBO, KL and reconstruction: as published, of this report, and over seeds where they were trained."""
    rows = [
        [
            f"{entry.source}, homework set",
            *(
                signed(getattr(entry, name))
                + (f" {plus_minus(entry.deviations[name])}" if name in entry.deviations else "")
                for name in ("nelbo", "kl", "rec")
            ),
        ]
        for entry in REFERENCES
        if entry.model == preset
    ]
    for key, words in SETS.items():
        numbers = reached[preset].sets.get(key)
        if numbers is not None:
            rows.append(
                [f"this report, {words}", _with_error(numbers, "nelbo"), signed(numbers["kl"]), signed(numbers["rec"])]
            )
    over = several(preset, "homework", "nelbo")
    if len(over.values) > 1:
        found = [several(preset, "homework", name) for name in ("nelbo", "kl", "rec")]
        row = [f"{signed(each.mean)} {plus_minus(each.deviation)}" for each in found]
        rows.append([f"{len(over.values)} trainings with other seeds, homework set, mean and deviation", *row])
    return rows


def _bound_rows(reached: Mapping[str, Answer]) -> list[list[str]]:
    rows = []
    for preset in ("vae", "gmvae"):
        for entry in REFERENCES:
            if entry.model == preset and entry.niwae:
                rows.append([f"{preset}: {entry.source}", signed(entry.nelbo), *_bounds(entry.niwae)])
        numbers = reached[preset].sets["homework"]
        rows.append([f"{preset}: this report", _with_error(numbers, "nelbo"), *_bounds(numbers)])
    return rows


def _bounds(numbers: Mapping[str, float]) -> Iterable[str]:
    return (signed(numbers[m]) if m in numbers else "" for m in BOUNDS)


def _label_rows(reached: Mapping[str, Answer]) -> list[list[str]]:
    rows = []
    for preset, words in {"ssvae-supervised": "100 labels alone", "ssvae": "and all digits without labels"}.items():
        published = [f"{entry.accuracy:.1%}" for entry in ACCURACIES if entry.model == preset]
        right = reached[preset].shares.get("accuracy")
        rows.append([f"accuracy, {words}", *published, "not measured" if right is None else f"{right:.2%}"])
    for name, words in {"nelbo": "NELBO", "kl_y": "KL of y", "kl_z": "KL of z", "rec": "reconstruction"}.items():
        value = reached["ssvae"].sets.get("test", {}).get(name)
        rows.append([f"{words}, full test set, nats", "", "", "not measured" if value is None else signed(value)])
    return rows


def _style_rows(found: Answer) -> list[list[str]]:
    rows = [
        [words, f"{found.shares[name]:.3f}" if name == "style_kept" else f"{found.shares[name]:.1%}"]
        for name, words in STYLE.items()
        if name in found.shares
    ]
    numbers: Mapping[str, float] = next(iter(found.sets.values()), found.shares)
    return rows + [
        [f"{words}, nats per image", signed(numbers[name])]
        for name, words in {"nelbo": "NELBO", "kl": "KL", "rec": "reconstruction"}.items()
        if name in numbers
    ]


def _with_error(numbers: Mapping[str, float], name: str) -> str:
    error = numbers.get(f"{name}_se")
    return signed(numbers[name]) + ("" if error is None else f" {plus_minus(error)}")


def _written(value: Measured) -> str:
    if value.error:
        return f"{signed(value.value)} {plus_minus(value.error)}"
    return signed(value.value, ",.0f" if value.value == round(value.value) else ",.4f")


def _colophon() -> str:
    named = ", ".join(f"{name} {number}" for name, number in versions().items())
    return f"Computed with {named}. Pictures are of seed 0. The weights, with their SHA-256:"
