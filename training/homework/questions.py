"""The homework's questions, what is expected of each, and how near an answer comes. Light (no torch).

The ranges are in questions.toml; those of accuracies follow from the published values: their mean, and twice the
spread over trainings that was published with one of them. What a model reaches is never written there: it is read off
a card, or measured.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

from training.release.published import ACCURACIES
from training.system.number_format import signed

__all__ = ["Answer", "Problem", "Question", "Verdict", "problems", "value_of", "verdict"]

CORRELATIONS = ("style_kept",)
NEAR = 0.5  # of the range's width: how far outside it an answer is still near


class Verdict(Enum):
    """How near an answer comes."""

    MET = "met"
    NEAR = "near"
    FAR = "far"
    OPEN = "not yet"


@dataclass(frozen=True)
class Question:
    """One number that the homework asks for.

    Attributes:
        asks: the question, in words.
        model: the preset that answers it.
        number: "nelbo", "kl", "kl_y", "accuracy", a score of style and content, a bound by its m, or the difference of
            two of these, such as "nelbo - 1000".
        set_name: the evaluation set; empty for numbers that have one of their own.
        low, high: between which correctly trained weights fall.
        far: what commonly makes an answer far.
        note: where the range comes from, if it is not the published one.
    """

    asks: str
    model: str
    number: str
    set_name: str
    low: float
    high: float
    far: str
    note: str = ""

    @property
    def is_share(self) -> bool:
        """Whether it is a share or a correlation and no nats."""
        return not self.set_name

    def written(self, value: float | None) -> str:
        """A number of this question as people write it."""
        if value is None:
            return "not measured"
        if self.number in CORRELATIONS:
            return f"{value:.3f}"
        return f"{value:.1%}" if self.is_share else signed(value)

    @property
    def quantities(self) -> tuple[str, ...]:
        """What has to be measured for it: the number, or the two of a difference."""
        return tuple(self.number.split(" - "))


@dataclass(frozen=True)
class Problem:
    """A problem of the homework.

    Attributes:
        presets: whose models answer it.
        page: where it can be played with.
    """

    name: str
    title: str
    presets: tuple[str, ...]
    page: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Answer:
    """What is known of a model that answers questions: nats by evaluation set and number, shares by name."""

    sets: Mapping[str, Mapping[str, float]]
    shares: Mapping[str, float]


@cache
def problems() -> tuple[Problem, ...]:
    """The homework's problems in order."""
    rows = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["problem"]
    return tuple(
        Problem(
            row["name"],
            row["title"],
            tuple(row["presets"]),
            row["page"],
            tuple(_question(each, row["presets"][0]) for each in row["question"]),
        )
        for row in rows
    )


def _question(row: Mapping[str, Any], model: str) -> Question:
    low, high = row["expected"] if "expected" in row else _published_range(row["published"])
    of = row.get("model", model)
    return Question(row["asks"], of, row["number"], row.get("set", ""), low, high, row["far"], row.get("note", ""))


def _published_range(model: str) -> tuple[float, float]:
    """The mean of the published accuracies, and on either side two of the standard deviations over trainings."""
    middle = mean(entry.accuracy for entry in ACCURACIES if entry.model == model)
    spread = max(entry.deviation or 0.0 for entry in ACCURACIES)
    return middle - 2 * spread, middle + 2 * spread


def value_of(question: Question, answer: Answer) -> float | None:
    """The number that a question asks for; None where it was not measured."""
    values = [_value(name, question.set_name, answer) for name in question.quantities]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return known[0] if len(known) == 1 else known[0] - known[1]


def _value(name: str, set_name: str, answer: Answer) -> float | None:
    if name in answer.shares:
        return answer.shares[name]
    return answer.sets.get(set_name, {}).get(name)


def verdict(question: Question, value: float | None) -> Verdict:
    """Within the range, near it, far from it; or open, where there is no number."""
    if value is None:
        return Verdict.OPEN
    outside = max(question.low - value, value - question.high)
    if outside <= 0:
        return Verdict.MET
    return Verdict.NEAR if outside <= NEAR * (question.high - question.low) else Verdict.FAR
