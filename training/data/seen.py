"""Whether a model may have learned from the images that it is measured on. Light (no torch, no numpy)."""

from collections.abc import Mapping
from enum import Enum

from training.data.data_set import DataSet
from training.data.registry import DATA_SETS, evaluation_set, whole

__all__ = [
    "NOT_KNOWN",
    "Seen",
    "as_equals",
    "learned_from_in_words",
    "may_have_seen",
    "never_compared",
    "seen_in_words",
]

NOT_KNOWN = ""  # the data of a training elsewhere: what a file says of itself is not taken for it


class Seen(Enum):
    """Whether a model learned from some images."""

    no = "no"
    yes = "yes"
    unknown = "unknown"


def may_have_seen(learned_from: str, set_name: str) -> Seen:
    """Whether a model may have learned from images of an evaluation set.

    A training here sees the training images of its data set and no others; those of a sample are among those of the
    whole. So it has seen no test image, of whatever data set.

    Arguments:
        learned_from: name of the data set of its training; `NOT_KNOWN` for a training elsewhere.

    Raises:
        UserError: there is no such evaluation set.
    """
    source, chosen = evaluation_set(set_name)
    if learned_from not in DATA_SETS:
        return Seen.unknown
    same_images = whole(learned_from) is whole(source.name)
    return Seen.yes if same_images and chosen.part in _learned_parts(source) else Seen.no


def as_equals(one: str, other: str, set_name: str) -> bool:
    """Whether two models can be compared on an evaluation set without a word: neither learned from its images.

    Arguments:
        one, other: what each learned from, as in `may_have_seen`.
    """
    return all(may_have_seen(each, set_name) is Seen.no for each in (one, other))


def never_compared(one: str, other: str, set_name: str) -> bool:
    """Whether a difference of two models on an evaluation set says nothing: one of them learned from its images."""
    return Seen.yes in (may_have_seen(one, set_name), may_have_seen(other, set_name))


def learned_from_in_words(learned_from: str) -> str:
    """What a model learned from, in half a sentence: "60,000 training digits of MNIST"."""
    if learned_from not in DATA_SETS:
        return "not known"
    data = DATA_SETS[learned_from]
    return f"{data.train_images:,} training {data.plural} of {'the ' if data.stands_in_for else ''}{data.title}"


def seen_in_words(models: Mapping[str, str], set_name: str) -> list[str]:
    """What has to be known beside numbers of models on an evaluation set, one sentence for each case that there is.

    Arguments:
        models: what each learned from, as in `may_have_seen`, by what the page calls it.
    """
    cases: dict[Seen, list[str]] = {}
    for title, learned_from in models.items():
        cases.setdefault(may_have_seen(learned_from, set_name), []).append(title)
    sentences = []
    if unseen := cases.get(Seen.no):
        by_data: dict[str, list[str]] = {}
        for title in unseen:
            by_data.setdefault(models[title], []).append(title)
        learned = [f"{', '.join(titles)} from {learned_from_in_words(data)}" for data, titles in by_data.items()]
        sentences.append(f"Learned from none of these images: {'; '.join(learned)}.")
    if seen := cases.get(Seen.yes):
        sentences.append(
            f"Learned from images among these: {', '.join(seen)}. So these numbers say nothing about new images, and "
            "no difference to another model is shown."
        )
    if unknown := cases.get(Seen.unknown):
        sentences.append(
            f"What {', '.join(unknown)} learned from is not known. If these images were among it, the numbers are too "
            "good, and so is the comparison with other models."
        )
    return sentences


def _learned_parts(data: DataSet) -> set[str]:
    """The parts of a data set that a training on it, or on the whole of it, sees."""
    return {"train"} | ({data.labelled_first} if isinstance(data.labelled_first, str) else set())
