"""The README's tables of numbers, written from the cards of the shipped models, so that they cannot drift."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.registry import FAMILIES, family_of
from training.data.registry import default_data_set
from training.release.ablations import read_ablations
from training.release.cards import Card, Numbers, beta_sweep, read_card
from training.release.published import ACCURACIES, REFERENCES, models_with_bounds
from training.release.seeds import all_seeds, several
from training.system.errors import UserError
from training.system.files import replace_file
from training.system.folders import PRETRAINED, pretrained_names
from training.system.number_format import signed

__all__ = ["tables", "write_tables"]

BEGIN, END = "<!-- numbers: python -m training readme -->", "<!-- end of numbers -->"
SETS = {"homework": "homework set", "test": "full test set"}
BOUNDS = ("1", "10", "100", "1000")
PASSES = {"homework": "100 digits, 100 passes; IWAE-m: max(100 / m, 1)", "test": "10,000 digits, the same passes"}
STYLE_SCORES = {
    "content_accuracy": "content accuracy",
    "style_leak": "style leak",
    "style_leak_linear": "linear probe",
    "style_kept": "style kept",
}
FORMS = dict.fromkeys(STYLE_SCORES, ".1%") | {"style_kept": ".3f"}  # which is a correlation
CORRECT_SSVAE = ("near 93.6", "2.29", "21.9", "69.4")


def write_tables(readme: Path) -> bool:
    """Put today's tables between the two marks of a README.

    Returns:
        Whether that changed anything.

    Raises:
        UserError: the file or its marks are missing.
    """
    try:
        text = readme.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        _, after = rest.split(END)
    except (OSError, ValueError) as error:
        raise UserError(f"{readme} needs the two marks {BEGIN!r} and {END!r}: put them where the tables go.") from error
    new = f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"
    if new != text:
        replace_file(readme, new.encode())
    return new != text


def tables() -> str:
    """Every published number beside ours, as Markdown: bounds, accuracies, the beta sweep; SVHN's, which are ours.

    Each shipped model is in one of them.
    """
    cards = {name: read_card(PRETRAINED / name) for name in pretrained_names()}
    others = [part for part in (_labels(cards), _sweep(cards), _styles(cards)) if part]
    ours = [
        name
        for name, card in cards.items()
        if not all(f"{signed(numbers.nelbo)} |" in "".join(others) for numbers in card.sets.values())
    ]
    names = dict.fromkeys([*models_with_bounds(), *ours])
    titles = {
        name: family_of(name).title + (f", {name}" if name != family_of(name).presets[0].name else "") for name in names
    }
    return "\n".join([*(_bounds(titles[name], cards, name) for name in names), *others])


def _bounds(title: str, cards: dict[str, Card], name: str) -> str:
    rows = []
    for reference in REFERENCES:
        if reference.model == name:
            terms = [
                signed(getattr(reference, term))
                + (f" ± {reference.deviations[term]:.2f}" if term in reference.deviations else "")
                for term in ("nelbo", "kl", "rec")
            ]
            protocol = "mean of 50 trainings ± their standard deviation" if reference.deviations else "as published"
            bounds = [signed(reference.niwae[m]) if m in reference.niwae else "" for m in BOUNDS]
            rows.append([f"{reference.source}, homework set", *terms, *bounds, protocol])
    rows += _obtained(cards, [name]) + _over_seeds(cards, name)
    return _table([title, "NELBO", "KL", "rec", *(f"\u2212IWAE-{m}" for m in BOUNDS), "protocol"], rows)


def _obtained(cards: dict[str, Card], names: Iterable[str]) -> list[list[str]]:
    return [
        [f"`pretrained/{name}`, {words}", *_values(cards[name].sets[key]), PASSES[key] + _selected(cards[name])]
        for name in names
        if name in cards
        for key, words in SETS.items()
    ]


def _over_seeds(cards: dict[str, Card], name: str) -> list[list[str]]:
    """A row for each set that several trainings of this recipe were measured on."""
    count = len(all_seeds(name)) if name in cards else 1
    return [
        [
            f"{count} trainings of `{name}`, {words}",
            *(f"{signed(found.mean)} ± {found.deviation:.2f}" for found in terms),
            *(_mean_of_all(name, key, m, count) if m in cards[name].sets[key].niwae else "" for m in BOUNDS),
            "mean ± standard deviation over seeds",
        ]
        for key, words in SETS.items()
        if count > 1
        for terms in [[several(name, key, term) for term in ("nelbo", "kl", "rec")]]
    ]


def _mean_of_all(name: str, key: str, m: str, count: int) -> str:
    """A bound's mean over all trainings, a blank where one of them lacks it."""
    found = several(name, key, m)
    return signed(found.mean) if len(found.values) == count else ""


def _values(numbers: Numbers) -> list[str]:
    return [*map(signed, (numbers.nelbo, numbers.kl, numbers.rec)), *_bound_values(numbers)]


def _bound_values(numbers: Numbers) -> list[str]:
    """The bounds that were measured, a blank for each other."""
    return [signed(numbers.niwae[m]) if m in numbers.niwae else "" for m in BOUNDS]


def _labels(cards: dict[str, Card]) -> str:
    names = [name for name in dict.fromkeys(entry.model for entry in ACCURACIES) if name in cards]
    rows = []
    for name in names:
        published = {
            reference.source: f"{reference.accuracy:.1%}"
            + (f" ± {reference.deviation:.1%} over trainings" if reference.deviation else "")
            for reference in ACCURACIES
            if reference.model == name
        }
        config = FAMILIES[cards[name].family].config.model_validate(cards[name].training["model"])
        without = "alone" if config.learns_from_labels_alone else "and all 60,000 digits, unlabelled"
        taught = f"{config.labelled_images} labels {without}"
        rows.append(
            [
                taught,
                f"{cards[name].accuracy:.2%}{_selected(cards[name])}",
                published["student report"],
                published["reference solution"],
            ]
        )
    title = family_of(names[0]).title if names else ""
    accuracies = _table(
        [
            f"{title}, accuracy on the 10,000 test digits, fed grey",
            "`pretrained/`",
            "student report",
            "reference solution",
        ],
        rows,
    )
    terms = [
        [
            f"`pretrained/{name}`, {words}",
            *map(signed, (numbers.nelbo, numbers.kl_y or 0, numbers.kl_z or 0, numbers.rec)),
            *_bound_values(numbers),
        ]
        for name in names
        for key, words in SETS.items()
        for numbers in [cards[name].sets[key]]
    ]
    if terms:
        terms.insert(0, ["correctly trained, full test set", *CORRECT_SSVAE, *[""] * len(BOUNDS)])
    bounds = _table([title, "NELBO", "KL_y", "KL_z", "rec", *(f"\u2212IWAE-{m}" for m in BOUNDS)], terms)
    return "\n".join(part for part in (accuracies, bounds) if part)


def _selected(card: Card) -> str:
    return f" ({card.selection.split(';')[0]})" if card.selection else ""


def _sweep(cards: dict[str, Card]) -> str:
    sweep = beta_sweep(cards.values())
    rows = [
        [f"{beta:g}", *(value for key in SETS for value in _values(card.sets[key])[:3])]
        for beta, card in sweep.items()
        if len(sweep) > 1
    ]
    headings = [f"{term}, {words}" for words in SETS.values() for term in ("NELBO", "KL", "rec")]
    return _table(["beta (NELBO at beta = 1)", *headings], rows)


def _styles(cards: dict[str, Card]) -> str:
    """Shipped models of colour images, then those that learned without a part of their objective."""
    colour = default_data_set("colour")
    key = colour.measured_by_default[-1]
    measured = [
        (f"`pretrained/{name}`", card.steps, card.training["model"], _of_style(card, key))
        for name, card in cards.items()
        if key in card.sets
    ]
    if measured:
        measured += [
            (f"{entry.title} (not shipped)", entry.steps, {"variance": entry.variance}, entry.disentanglement)
            for entry in read_ablations()
            if entry.preset in cards
        ]
    rows = [
        [
            title,
            f"{steps:,}",
            f"{settings['variance']:g}",
            *(signed(found[term]) for term in ("nelbo", "kl", "rec")),
            *(
                "not measured" if found.get(score) is None else format(found[score], form)
                for score, form in FORMS.items()
            ),
        ]
        for title, steps, settings, found in measured
    ]
    first = f"{colour.title}, all {colour.test_images:,} test images"
    return _table([first, "steps", "variance", "NELBO", "KL", "rec", *STYLE_SCORES.values()], rows)


def _of_style(card: Card, key: str) -> dict[str, Any]:
    return asdict(card.sets[key]) | (card.disentanglement or {})


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("| --- |", "|---|").replace(" --- |", "---|")
