"""What shipped models and others answer to the homework's questions. Light (no torch)."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from training.homework.questions import Answer
from training.release.cards import read_card
from training.system.folders import PRETRAINED

__all__ = ["answer_of", "shipped_answer"]


def shipped_answer(preset: str) -> Answer:
    """What the card of a shipped model says.

    Raises:
        UserError: it cannot be read.
    """
    card = read_card(PRETRAINED / preset)
    sets = {name: asdict(numbers) for name, numbers in card.sets.items()}
    return answer_of(sets, card.accuracy, card.disentanglement)


def answer_of(
    sets: Mapping[str, Mapping[str, Any]], accuracy: float | None, style: Mapping[str, float | None] | None
) -> Answer:
    """An answer from facts as cards and `SetReport.as_json` hold them.

    Arguments:
        accuracy: on all test digits, 0..1.
        style: scores of style and content, as `Disentanglement.as_json` gives them.
    """
    numbers = {
        name: {key: value for key, value in facts.items() if isinstance(value, float)} | dict(facts["niwae"])
        for name, facts in sets.items()
    }
    shares = {name: value for name, value in (style or {}).items() if value is not None}
    return Answer(numbers, shares if accuracy is None else shares | {"accuracy": accuracy})
