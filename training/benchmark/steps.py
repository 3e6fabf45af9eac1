"""How fast a training step and an IWAE-1000 are, against the homework's way and against the bare matrix products.

All sides of a comparison run in one process, in turn, under the same number of threads, and medians are reported:
machines are noisy, ratios within one run are not. Steps are timed at the weights that ship, as most steps of a
training are near them: an SSVAE that knows its digits computes far fewer pairs of image and label than a fresh one.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from models.blocks.networks import MLP
from models.contract import Classifier, role
from models.registry import family_of
from models.ssvae import RULED_OUT
from training.benchmark import homework_step as homework_style
from training.benchmark.memory import peak_megabytes
from training.checkpoints.reading import load_checkpoint
from training.data.datasets import Dataset, Images, load_dataset
from training.data.homework_sets import binarise_once
from training.data.pixel_draws import as_seen
from training.data.registry import best_data_set, default_data_set
from training.runs.config import TrainConfig
from training.runs.trainer import Trainer
from training.system.device import Precision
from training.system.folders import PRETRAINED

__all__ = ["STEPS", "benchmark", "random_colours"]

STEPS = ("vae", "gmvae", "ssvae", "fsvae")  # those whose loop the homework has
BOUNDS = ("vae", "gmvae")
WARM_UP = 3
TURN = 10
IMAGES = 100
COUNTED = 10_000
COLOUR_IMAGES = 10_000
SAMPLES = 1000


def benchmark(
    *,
    repeats: int = 50,
    iwae_repeats: int = 3,
    samples: int = SAMPLES,
    on_progress: Callable[[float], None] = lambda fraction: None,
) -> dict[str, Any]:
    """Time the steps of each model and the IWAE bound, ours beside the homework's way.

    Arguments:
        repeats, iwae_repeats: how often each side runs; one more for IWAE to warm up and to see its memory.
        samples: m of the bound.

    Returns:
        Per model: milliseconds of the homework-style step, of ours, and of the matrix products of one step alone in
        the precision that ours uses (the floor); how many times faster ours is. Under "iwae1000", per model:
        seconds, and megabytes of peak resident memory above what was resident before (None where the system does
        not tell).
    """
    dataset = load_dataset(best_data_set().name)
    result: dict[str, Any] = {}
    done, work = 0, len(STEPS) + len(BOUNDS)
    for name in STEPS:
        data = dataset if family_of(name).images == "binary" else random_colours()
        config = TrainConfig.from_preset(name, data=data.name, device="cpu")
        result[name] = _steps(config, load_checkpoint(PRETRAINED / name).state, data, repeats)
        done += 1
        on_progress(done / work)
    x = binarise_once(dataset.test.images[:IMAGES])
    result[f"iwae{samples}"] = bounds = {}
    for name in BOUNDS:
        bounds[name] = _bounds(load_checkpoint(PRETRAINED / name).model, x, samples, iwae_repeats)
        done += 1
        on_progress(done / work)
    return result


def random_colours() -> Dataset:
    """Random pictures of the size of house numbers: a step takes as long on them, and they are on every machine."""
    noise = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (COLOUR_IMAGES, 3 * 32 * 32), generator=noise, dtype=torch.uint8)
    return Dataset(default_data_set("colour").name, lambda split: Images(images, torch.arange(COLOUR_IMAGES) % 10))


def _steps(config: TrainConfig, weights: Mapping[str, Tensor], dataset: Dataset, repeats: int) -> dict[str, Any]:
    ours, model = Trainer(config, dataset), config.family_entry.build(config.model)
    for each in (ours.model, model):
        each.load_state_dict(weights)
    pairs = _pairs(model, as_seen(dataset.train.images[:COUNTED], dataset.binary, torch.Generator().manual_seed(0)))
    homework, floor = homework_style.stepper(model, config, dataset), _products(model, config, pairs)
    homework_s, ours_s, floor_s = _medians([homework, ours.step, floor], repeats, turn=TURN)
    return {
        "homework_ms": homework_s * 1e3,
        "ours_ms": ours_s * 1e3,
        "floor_ms": floor_s * 1e3,
        "speedup": homework_s / ours_s,
        "precision": config.precision,
    }


@torch.no_grad()
def _pairs(model: Any, x: Tensor) -> float:
    """Pairs of an image and a label that a step computes, for each image: an SSVAE leaves out those it rules out."""
    return float((model.classify(x).exp() > RULED_OUT).sum(-1).float().mean()) if role(model, Classifier) else 1.0


def _bounds(model: Any, x: Tensor, m: int, repeats: int) -> dict[str, float | None]:
    def ours() -> None:
        with torch.inference_mode():
            for _ in model.log_weights(x, m):
                pass

    def naive() -> None:
        homework_style.iwae(model, x, m)

    ours_mb, naive_mb = peak_megabytes(ours), peak_megabytes(naive)
    naive_s, ours_s = _medians([naive, ours], repeats, turn=1, warm_up=0)
    return {"naive_s": naive_s, "ours_s": ours_s, "naive_mb": naive_mb, "ours_mb": ours_mb}


def _medians(sides: Sequence[Callable[[], object]], repeats: int, *, turn: int, warm_up: int = WARM_UP) -> list[float]:
    """Median seconds of each side, taking turns of so many calls: a training's steps follow their own kind, too."""
    seconds: list[list[float]] = [[] for _ in sides]
    for begun in range(-warm_up, repeats, turn):
        for side, times in zip(sides, seconds, strict=True):
            for call in range(begun, min(begun + turn, repeats)):
                begin = time.perf_counter()
                side()
                if call >= 0:
                    times.append(time.perf_counter() - begin)
    return [statistics.median(times) for times in seconds]


def _products(model: Any, config: TrainConfig, pairs: float) -> Callable[[], None]:
    """The matrix products of one step, forward and backward, and nothing else: operands are ready in the precision.

    A network that takes labels passes an image once, and everything after its first layer once for each of `pairs`.
    """
    batch, precision = config.batch_size, config.precision
    labels, rows = model.config.y if role(model, Classifier) else 0, round(config.batch_size * pairs)
    products = [*_network(model.enc, batch, rows, precision, labels, from_data=True)]
    products += _network(model.dec, rows, rows, precision, labels)
    if labels:
        products += _network(model.cls, 2 * batch, 2 * batch, precision, from_data=True)

    def run() -> None:
        for x, weight, gradient, needs_input_gradient in products:
            x @ weight.T
            gradient.T @ x
            if needs_input_gradient:
                gradient @ weight

    return run


Product = tuple[Tensor, Tensor, Tensor, bool]


def _network(
    network: MLP, batch: int, rows: int, precision: Precision, labels: int = 0, *, from_data: bool = False
) -> list[Product]:
    """Operands of each layer: input (rows, inputs), weight (outputs, inputs), the output's gradient (rows, outputs).

    The first layer has `batch` rows; its inputs are data, whose gradient nobody needs, when `from_data`; the labels'
    columns of its weight are picked and added, not multiplied.
    """
    dtype = getattr(torch, precision)
    products = []
    for position, layer in enumerate(layer for layer in network.net if isinstance(layer, nn.Linear)):
        inputs = layer.in_features if position else layer.in_features - labels
        height = rows if position else batch
        products.append(
            (
                torch.randn(height, inputs).to(dtype),
                torch.randn(layer.out_features, inputs).to(dtype),
                torch.randn(height, layer.out_features).to(dtype),
                bool(position) or not from_data,
            )
        )
    return products
