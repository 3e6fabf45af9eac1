"""Models compared: their numbers, their samples, their reconstructions, the KL of their latent dimensions."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from pages.choose.evaluation_images import held_out
from pages.compare.comparing import NOTHING_YET, Measured
from pages.draw import charts, figures
from pages.draw.palette import BOUND, KL_Z, MODELS, NELBO, RECONSTRUCTION, SHAPES, marked, swatch
from pages.draw.strips import Strip, strips
from pages.families.label_views import confusion_chart, predictions
from pages.families.swap_matrix import matrix
from pages.kit import glossary, services
from pages.kit.guard import plain
from pages.kit.tables import table
from pages.measure import numbers
from training.checkpoints.model_ref import ModelRef
from training.checkpoints.roles import playing
from training.data.registry import at_hand, data_set
from training.data.seen import NOT_KNOWN, as_equals, learned_from_in_words, may_have_seen, never_compared
from training.system.number_format import signed

if TYPE_CHECKING:
    from torch import Tensor

    from training.checkpoints.reading import Checkpoint
    from training.diagnosis.paired_comparison import Difference

__all__ = [
    "Compared",
    "classifiers",
    "latent_usage",
    "number_rows",
    "numbers_of_set",
    "reconstruction_png",
    "same_digits",
    "sample_grids",
    "sentences",
    "swaps",
]

DIGITS = 20
_NUMBERS_STYLE = """<style>
[class*='st-key-numbers-'] table { font-variant-numeric: tabular-nums; }
[class*='st-key-numbers-'] :is(th, td) { white-space: nowrap; }
</style>"""


class Compared(NamedTuple):
    """One of the models that are compared.

    Attributes:
        ref: which one it is.
        title: what the page calls it: short.
        color: its own, from `palette.MODELS`.
    """

    ref: ModelRef
    title: str
    color: str
    source: "Checkpoint"
    known: Measured = NOTHING_YET

    @property
    def shown(self) -> str:
        """Its title as Markdown."""
        return plain(self.title)


def sample_grids(models: Sequence[Compared], seed: int) -> None:
    """200 images from each model's prior, two in a row."""
    columns = st.columns(min(len(models), 2), gap="medium")
    for position, model in enumerate(models):
        with columns[position % len(columns)]:
            st.markdown(marked(model.color, f"**{model.shown}**"))
            figures.picture(
                services.samples_png(model.source, "means", seed, 1.0),
                key=f"grid-{position}",
                alt=f"200 images sampled from the prior of {model.title} with seed {seed}",
            )
    glossary.caption(
        "One seed for all: models with the same prior and the same number of latent dimensions draw the same z. A "
        "learned prior turns the same noise into other codes."
    )


def difference_of(model: Compared, reference: Compared, set_name: str) -> "Difference | None":
    """How much larger its NELBO is than the reference's, image by image.

    None while one is not known, and where a difference says nothing: one of the two learned from these images, or their
    likelihoods differ.
    """
    from training.diagnosis.paired_comparison import difference

    if model is reference or not (set_name in model.known.reports and set_name in reference.known.reports):
        return None
    if never_compared(model.source.learned_from, reference.source.learned_from, set_name):
        return None
    if _why_not_compared(model, reference) is not None:
        return None
    return difference(model.known.reports[set_name].nelbo_each, reference.known.reports[set_name].nelbo_each)


def numbers_of_set(models: Sequence[Compared], reference: Compared, set_name: str) -> None:
    """A row for each model: NELBO and its parts, bounds, and the paired difference to the reference."""
    known = [model.known.reports.get(set_name) for model in models]
    bounds = sorted({m for report in known if report is not None for m in report.niwae})
    head = ["", swatch(NELBO), swatch(KL_Z), swatch(RECONSTRUCTION, "Rec.")]
    head += [*(swatch(BOUND, f"\u2212IWAE\u2011{m}") for m in bounds), f"NELBO − {reference.shown}, 95%"]
    lines: list[list[str]] = []
    for model, report in zip(models, known, strict=True):
        if report is None:
            lines.append([marked(model.color, model.shown), *["–"] * (len(head) - 1)])
            continue
        found = difference_of(model, reference, set_name)
        lines.append(
            [
                marked(model.color, model.shown),
                numbers.cell((report.nelbo, report.nelbo_se)),
                numbers.cell((report.kl, None)),
                numbers.cell((report.rec, None)),
                *(numbers.cell((report.niwae[m], report.niwae_se[m]) if m in report.niwae else None) for m in bounds),
                "reference" if model is reference else _interval(found, model, reference, set_name),
            ]
        )
    st.markdown(f"**{numbers.heading(set_name)}**")
    st.html(_NUMBERS_STYLE)
    with st.container(key=f"numbers-{set_name}"):
        table(head, lines)
    if any(model.source.config.free_numbers() for model in models):
        st.caption("; ".join(f"{model.shown}: {model.source.likelihood}" for model in models) + ".")


def _interval(found: "Difference | None", model: Compared, reference: Compared, set_name: str) -> str:
    if found is None:
        return "–"
    low, high = found.interval
    mean, least, most = (signed(value, "+,.2f") for value in (found.mean, low, high))
    sure = as_equals(model.source.learned_from, reference.source.learned_from, set_name)
    return f"{mean}\u00a0({least}\u00a0to\u00a0{most})" + ("" if sure else "\u00a0?")


def sentences(models: Sequence[Compared], reference: Compared, *, written: Callable[[str], str] = str) -> list[str]:
    """What the differences mean, on the largest set that is measured, and what the numbers show.

    Arguments:
        written: how a model's title is written: `plain` where the sentences are read as Markdown.
    """
    from training.diagnosis.fingerprints import of_numbers, of_variance
    from training.diagnosis.paired_comparison import in_words, training_noise

    def named(model: Compared) -> str:
        return written(model.title)

    said = []
    for model in models:
        sets = [name for name in model.known.reports if name in reference.known.reports]
        found = difference_of(model, reference, sets[-1]) if sets else None
        if model is not reference and sets and (why := _why_not_compared(model, reference, written)) is not None:
            said.append(why)
        elif found is not None:
            family, mine, theirs = model.source.family.name, model.source.learned_from, reference.source.learned_from
            alike = family == reference.source.family.name and (mine == theirs or NOT_KNOWN in (mine, theirs))
            noise = training_noise(family, sets[-1]) if alike else None
            sentence = in_words(named(model), named(reference), found, noise, _bound_apart(model, reference, sets[-1]))
            if not as_equals(mine, theirs, sets[-1]):
                sentence = f"{sentence[:-1]}, if neither of them has learned from these images."
            said.append(sentence)
    for model in models:
        for name, report in list(model.known.reports.items())[:1]:
            if model.source.family.images == "binary":
                usual = next(iter(numbers.shipped(model.source.family.name, [name])), None)
                usual_terms = {term: value for term, (value, _) in usual.terms.items()} if usual else None
                right = model.known.accuracy
                clues = of_numbers(report, None if right is None else right.share, usual_terms)
                if usual_terms is not None and model.known.readings is not None:
                    clues += filter(None, [of_variance(model.known.readings, usual_terms["nelbo"])])
                said += [f"{named(model)}: {clue}" for clue in clues]
    return said


def _why_not_compared(model: Compared, reference: Compared, written: Callable[[str], str] = str) -> str | None:
    from training.diagnosis.paired_comparison import why_not_compared

    return why_not_compared(model.source, reference.source, (written(model.title), written(reference.title)))


def _bound_apart(model: Compared, reference: Compared, set_name: str) -> tuple[int, float] | None:
    """The largest m that was measured of both, and the difference of their negative bounds."""
    own, other = model.known.reports[set_name].niwae, reference.known.reports[set_name].niwae
    m = max(own.keys() & other.keys(), default=None)
    return None if m is None else (m, own[m] - other[m])


def number_rows(models: Sequence[Compared], reference: Compared) -> dict[str, list[dict[str, Any]]]:
    """The same numbers as plain rows by evaluation set, for a file."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for model in models:
        for name, report in model.known.reports.items():
            found = difference_of(model, reference, name)
            low, high = found.interval if found is not None else (None, None)
            row: dict[str, Any] = {
                "model": model.title,
                "family": model.source.family.name,
                "set": name,
                "images": report.images,
                "nelbo": report.nelbo,
                "nelbo_se": report.nelbo_se,
                **report.terms,
            }
            for m, value in report.niwae.items():
                row |= {f"niwae_{m}": value, f"niwae_{m}_se": report.niwae_se[m]}
            row |= {
                "accuracy": None if (right := model.known.accuracy) is None else right.share,
                "accuracy_images": None if right is None else right.images,
                "learned_from": learned_from_in_words(model.source.learned_from),
                "learned_from_these_images": may_have_seen(model.source.learned_from, name).value,
                "reference": reference.title,
                "nelbo_difference": None if found is None else found.mean,
                "difference_low": low,
                "difference_high": high,
                "sha256": model.source.sha256,
            }
            tables.setdefault(name, []).append(row)
    return tables


def reconstruction_png(source: "Checkpoint", reference: "Checkpoint | None" = None) -> bytes | None:
    """Reconstructions of twenty held-out images, two of each class, as one row; None where its images are not on disk.

    Arguments:
        reference: show the difference from this one's: lighter pixels orange, darker blue, equal ones black.
    """
    images = at_hand(source.data)
    return _reconstruction_png(source, reference, images.name) if images.on_disk() else None


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _reconstruction_png(source: "Checkpoint", reference: "Checkpoint | None", data: str) -> bytes:
    import torch

    from models.contract import density_of
    from training.pictures import grids as pictures

    images, digits = _images(data)
    with torch.inference_mode():
        drawn = density_of(source.model, digits).reconstruct(images)
        if reference is not None:
            change = drawn - density_of(reference.model, digits).reconstruct(images)
            more, less = change.clamp(min=0), (-change).clamp(min=0)
            if source.family.images == "binary":
                drawn = torch.cat([more, 0.6 * more + 0.5 * less, less], -1)
            else:
                drawn = 0.5 + change / 2
    return pictures.png_bytes(pictures.grid(pictures.to_uint8(drawn), columns=DIGITS))


def _images(data: str) -> "tuple[Tensor, Tensor]":
    """Twenty held-out images, two of each class, and their labels."""
    images, chosen = held_out(data), _two_of_each_class(data)
    return images.images[chosen], images.labels[chosen]


def _two_of_each_class(data: str) -> list[int]:
    """Places among the test images of the first two of every class: one of each, and once more."""
    members = held_out(data).members.values()
    return [own[turn] for turn in range(2) for own in members if turn < len(own)]


@st.cache_data(max_entries=4, show_spinner=False)
def originals_png(data: str) -> bytes:
    """The twenty images themselves."""
    from training.pictures import grids as pictures

    return pictures.png_bytes(pictures.grid(pictures.to_uint8(_images(data)[0]), columns=DIGITS))


def same_digits(models: Sequence[Compared], reference: Compared, with_differences: bool) -> None:
    """The same held-out images, reconstructed by each model from its own code."""
    images = at_hand(reference.source.data)
    if not images.on_disk():
        st.info(f"The images themselves need {images.title} on disk.", icon=":material/database:")
        return
    rows = [Strip("the images", "held out", originals_png(images.name), "Twenty held-out images")]
    for model in models:
        png = reconstruction_png(model.source)
        if png is not None:
            rows.append(Strip(model.title, "reconstructed", png, f"The same images reconstructed by {model.title}"))
        if with_differences and model is not reference:
            change = reconstruction_png(model.source, reference.source)
            if change is not None:
                alt = f"Reconstructions of {model.title} minus those of {reference.title}"
                rows.append(Strip("", f"minus {reference.title}", change, alt))
    strips(rows)


def swaps(models: Sequence[Compared]) -> None:
    """The same images' styles in all ten digits, by each model that takes the digit, two in a row."""
    able = [model for model in models if model.source.family.images == "colour"]
    if not able or not (images := data_set(able[0].source.data)).on_disk():
        return
    st.header("Their styles in every digit", anchor=False)
    chosen = ",".join(map(str, _two_of_each_class(images.name)))
    columns = st.columns(min(len(able), 2), gap="medium")
    for position, model in enumerate(able):
        with columns[position % len(columns)]:
            st.markdown(marked(model.color, f"**{model.shown}**"))
            figures.picture(
                matrix(model.source, chosen, 0).picture,
                key=f"swaps-{position}",
                alt=f"The styles of twenty held-out {images.plural} in all ten digits, drawn by {model.title}",
            )
    st.caption("From the top: the images, their reconstructions, then each one's style with the digits 0 to 9.")


def latent_usage(models: Sequence[Compared]) -> None:
    """KL of each latent dimension under each model, the highest first."""
    rows, summary = [], []
    for model in models:
        codes = _usage(model.source, at_hand(model.source.data).name)
        if codes is None:
            continue
        kl, active = codes
        summary.append(f"{model.title} uses {active} of {len(kl)}")
        rows += [{"model": model.title, "rank": rank + 1, "nats": value} for rank, value in enumerate(kl)]
    if not rows:
        return
    titles = [model.title for model in models]
    spec = {
        "height": 240,
        "mark": {"type": "line", "strokeWidth": 2, "point": {"size": 50, "filled": True}},
        "encoding": {
            "x": {
                "field": "rank",
                "type": "quantitative",
                "title": "dimensions of z, the highest KL first",
                "axis": {"grid": False, "tickMinStep": 1, "format": "d"},
            },
            "y": {"field": "nats", "type": "quantitative", "title": "KL, nats", "axis": {"tickCount": 4}},
            "color": {
                "field": "model",
                "type": "nominal",
                "scale": {"domain": titles, "range": [model.color for model in models]},
                "legend": charts.legend_of(titles),
            },
            "shape": {
                "field": "model",
                "type": "nominal",
                "scale": {"domain": titles, "range": [SHAPES[MODELS.index(model.color)] for model in models]},
            },
            "tooltip": [
                {"field": "model"},
                {"field": "rank", "title": "rank"},
                {"field": "nats", "title": "KL, nats", "format": ".3f"},
            ],
        },
    }
    with st.container(key="chart-usage"):
        said = "; ".join(summary)
    charts.vega(rows, spec, key="usage", alt=f"KL of each latent dimension: {said}")
    glossary.caption(f"In use, by a posterior mean that varies with the image: {plain(said)}.")


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _usage(source: "Checkpoint", data: str) -> tuple[list[float], int] | None:
    from training.latent.encoding import encode

    if not data_set(data).on_disk():
        return None
    images = held_out(data)
    codes = encode(source.model, images.images, images.labels)
    kl: list[float] = codes.dimension_kl.sort(descending=True).values.tolist()
    return kl, int(codes.active.sum())


def classifiers(models: Sequence[Compared]) -> None:
    """Accuracy and confusions of the models that have a classifier."""
    able = [model for model in models if model.source.family.name in playing("Classifier")]
    if not able:
        return
    st.header("Their classifiers", anchor=False)
    columns = st.columns(min(len(able), 2), gap="large")
    for position, model in enumerate(able):
        with columns[position % len(columns)]:
            read = predictions(model.source)
            st.markdown(f"{marked(model.color, f'**{model.shown}**')}: right for {read.accuracy:.2%}")
            confusion_chart(read, model.title, key=f"confusion-{position}")


def shorter(refs: Sequence[ModelRef]) -> Mapping[ModelRef, str]:
    """Labels for models, without what each one is where their names are different."""
    names = [ref.name for ref in refs]
    return {ref: ref.label.removeprefix(f"{ref.origin} ") if names.count(ref.name) == 1 else ref.label for ref in refs}
