"""What the report says in numbers: those of its models, and of the derivations for one image.

A shipped model's numbers are those of its card; another's are measured, by the card's protocol.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from models.contract import Conditional, density_of, role
from training.checkpoints.reading import Checkpoint
from training.data.datasets import Dataset, load_dataset
from training.data.registry import at_hand, whole
from training.evaluation.evaluate import measure, measure_accuracy, measure_style
from training.homework.answers import answer_of, shipped_answer
from training.homework.questions import Answer
from training.release.cards import read_card
from training.system.errors import Cancelled
from training.system.folders import PRETRAINED
from training.theory.bounds import bound_numbers
from training.theory.evidence import evidence_numbers
from training.theory.measured import Measured, Numbers, estimate
from training.theory.mixture_kl import mixture_kl_numbers
from training.theory.summed_labels import label_numbers

__all__ = ["MODELS", "Measuring", "answers", "derivations"]

MODELS = ("vae", "gmvae", "ssvae-supervised", "ssvae", "fsvae")
BOUNDS = (1, 10, 100, 1000)
IMAGES = 1000  # over which the KL of a mixture is split
DRAWS = 3000


@dataclass(frozen=True)
class Measuring:
    """How a report is measured: who hears of its progress, and who may stop it.

    Attributes:
        progress: called with a fraction 0..1 and what is being done.
    """

    progress: Callable[[float, str], None] = lambda fraction, doing: None
    should_stop: Callable[[], bool] = lambda: False
    cores: int = 1

    def say(self, fraction: float, doing: str) -> None:
        """Report progress.

        Raises:
            Cancelled: it is to stop.
        """
        if self.should_stop():
            raise Cancelled
        self.progress(fraction, doing)


def answers(models: Mapping[str, Checkpoint], how: Measuring) -> dict[str, Answer]:
    """What each model reaches, by the preset that it stands for.

    Raises:
        UserError: a model cannot be measured, since its images are not on disk.
        Cancelled: it was to stop.
    """
    found = {}
    for place, (preset, checkpoint) in enumerate(models.items()):
        how.say(place / len(models), f"Measuring {checkpoint.name}")
        shipped = read_card(PRETRAINED / preset).sha256 == checkpoint.sha256
        found[preset] = shipped_answer(preset) if shipped else _measured(checkpoint, how)
    return found


def _measured(checkpoint: Checkpoint, how: Measuring) -> Answer:
    sets: dict[str, Any] = {}
    if role(checkpoint.model, Conditional) is None:
        small, large = whole(checkpoint.data).measured_by_default
        options: Any = {"cores": how.cores, "should_stop": how.should_stop}
        sets = {name: report.as_json() for name, report in measure(checkpoint, [small], BOUNDS, **options).items()}
        if whole(checkpoint.data).on_disk():
            sets |= {name: report.as_json() for name, report in measure(checkpoint, [large], (), **options).items()}
    right, style = measure_accuracy(checkpoint), measure_style(checkpoint, should_stop=how.should_stop)
    return answer_of(sets, None if right is None else right.share, None if style is None else style.as_json())


def derivations(models: Mapping[str, Checkpoint], digit: int, how: Measuring) -> dict[str, Numbers]:
    """The numbers of each derivation, for the first test image of a digit.

    Returns:
        Numbers by the derivation's name; "conditional" is absent where no house numbers are on disk.
    """
    binary: Any = {name: checkpoint.model for name, checkpoint in models.items() if name != "fsvae"}
    test = load_dataset(at_hand(models["vae"].data).name)
    x = _first(test, digit)[0]
    how.say(0.2, "The identity and its gap")
    found = {"evidence": evidence_numbers(binary["vae"], x)}
    how.say(0.4, "Bounds of one image")
    found["bounds"] = bound_numbers(binary["vae"], x, digit)
    how.say(0.6, "The KL of a mixture")
    found["mixture"] = mixture_kl_numbers(binary["gmvae"], x, test.held_out(IMAGES))
    how.say(0.8, "Labels summed out")
    found["labels"] = label_numbers(binary["ssvae"], x, digit)
    colour = at_hand(models["fsvae"].data)
    if colour.on_disk():
        image, label = _first(load_dataset(colour.name), digit)
        found["conditional"] = _conditional(models["fsvae"].model, image, label)
    return found


def _first(data: Dataset, digit: int) -> tuple[torch.Tensor, int]:
    images, labels = data.held_out(1000), data.test.labels[:1000]
    place = int((labels == digit).int().argmax())
    return images[place], int(labels[place])


@torch.inference_mode()
def _conditional(model: Any, image: torch.Tensor, label: int) -> Numbers:
    """The conditional ELBO of one house number: its terms over many draws of z, and what the bound gains with m."""
    noise = torch.Generator().manual_seed(0)
    terms = density_of(model, torch.full((DRAWS,), label)).elbo_terms(image.expand(DRAWS, -1), generator=noise)
    again = bound_numbers(model, image, label)
    return {
        "nelbo": estimate(terms.nelbo.double()),
        "kl": Measured(float(terms.kl[0])),
        "rec": estimate(terms.rec.double()),
        **{name: again[name] for name in ("bound_1", "bound_10", "bound_100", "bound_1000")},
        "label": Measured(float(label)),
    }
