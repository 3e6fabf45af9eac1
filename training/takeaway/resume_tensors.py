"""The state that a training resumes from, as plain tensors and numbers in a safetensors file: no pickle leaves the app
or comes back. What comes back is checked against a fresh trainer's state and put together here, name by name.
"""

import json
import struct
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from models.registry import FAMILIES
from training.runs.config import TrainConfig
from training.system.errors import UserError

__all__ = ["as_safetensors", "contents_of", "state_from"]

FACT = "resume"
MODEL, MOMENTS, GENERATOR, TOTALS = "model.", "adam.", "generator", "recent.totals"
KINDS = ("step", "exp_avg", "exp_avg_sq")  # Adam's counter and moments of each parameter
MERSENNE = struct.Struct("<QiiQ")  # of torch's CPU generator: seed, numbers left, seeded, place of the next
MERSENNE_BYTES, MERSENNE_NUMBERS = 5056, 624
MOST_OTHER_BYTES = 64  # of a GPU's generator


class _Numbers(BaseModel):
    """What is no tensor in the state.

    Attributes:
        recent: names of the terms whose totals are in the file, and over how many steps they run.
        best: the lowest held-out NELBO, and how many measurements ago that was.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    format: Literal[1] = 1
    step: Annotated[int, Field(ge=0)]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    recent_steps: Annotated[int, Field(ge=0)]
    recent_names: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=50)]
    lowest: float
    since: Annotated[int, Field(ge=0)]


def as_safetensors(state: Mapping[str, Any]) -> bytes:
    """The state of a `Saved` event as one file."""
    recent, (lowest, since) = state["recent"], state["best"]
    tensors = {f"{MODEL}{name}": value for name, value in state["model"].items()}
    for place, moments in state["optimiser"]["state"].items():
        tensors |= {f"{MOMENTS}{place}.{kind}": moments[kind] for kind in KINDS}
    tensors |= {GENERATOR: state["generator"], TOTALS: torch.as_tensor(recent["totals"])}
    numbers = _Numbers(
        step=state["step"],
        seconds=float(state["seconds"]),
        recent_steps=recent["steps"],
        recent_names=list(recent["names"]),
        lowest=float(lowest),
        since=since,
    )
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    return safetensors.torch.save(plain, metadata={FACT: json.dumps(numbers.model_dump())})


def contents_of(content: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors in a safetensors file, and what it says about itself."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return safetensors.torch.load(content), header.get("__metadata__") or {}


def state_from(tensors: Mapping[str, Tensor], facts: Mapping[str, str], config: TrainConfig) -> dict[str, Any]:
    """The state that a trainer of this config resumes from.

    Arguments:
        tensors, facts: of the file, read as plain tensors.

    Raises:
        UserError: it is not the state of such a trainer.
    """
    try:
        numbers = _Numbers.model_validate_json(facts.get(FACT, ""))
        if numbers.step > config.steps:
            raise ValueError("it is beyond the last step")
        return _put_together(dict(tensors), numbers, config)
    except (ValidationError, ValueError, KeyError, struct.error) as error:
        raise UserError("The state to resume from is not one of this run.") from error


def _put_together(tensors: dict[str, Tensor], numbers: _Numbers, config: TrainConfig) -> dict[str, Any]:
    with torch.device("meta"):
        model = FAMILIES[config.family].build(config.model)
    parameters = list(model.parameters())
    weights = {name: _take(tensors, f"{MODEL}{name}", like) for name, like in model.state_dict().items()}
    moments: dict[int, dict[str, Tensor]] = {}
    for place, parameter in enumerate(parameters):
        if f"{MOMENTS}{place}.step" in tensors:  # a parameter that no loss has reached has none
            like = (torch.empty((), device="meta"), parameter, parameter)
            moments[place] = {
                kind: _take(tensors, f"{MOMENTS}{place}.{kind}", each) for kind, each in zip(KINDS, like, strict=True)
            }
    names = numbers.recent_names
    totals = tensors.pop(TOTALS)
    if totals.shape not in ((), (len(names),)) or not totals.is_floating_point():
        raise ValueError("totals of other terms")
    if bool(numbers.recent_steps) != bool(totals.dim()):
        raise ValueError("totals of no steps")
    state = {
        "step": numbers.step,
        "model": weights,
        "optimiser": {"state": moments},
        "generator": _generator(tensors.pop(GENERATOR), config.device),
        "seconds": numbers.seconds,
        "recent": {"steps": numbers.recent_steps, "names": names, "totals": totals},
        "best": (numbers.lowest, numbers.since),
    }
    if tensors:
        raise ValueError("more than a state holds")
    return state


def _take(tensors: dict[str, Tensor], name: str, like: Tensor) -> Tensor:
    value = tensors.pop(name)
    if value.shape != like.shape or value.dtype != like.dtype or not bool(value.isfinite().all()):
        raise ValueError(f"{name} does not fit")
    return value


def _generator(state: Tensor, device: str) -> Tensor:
    """A generator's state that torch can go on from.

    torch checks neither that the place of the next number lies among its numbers nor that both counters agree.
    """
    if state.dtype != torch.uint8 or state.dim() != 1:
        raise ValueError("not a generator's state")
    if device != "cpu":
        if len(state) > MOST_OTHER_BYTES:
            raise ValueError("not a generator's state")
        return state
    if len(state) != MERSENNE_BYTES:
        raise ValueError("not a generator's state")
    _, left, seeded, following = MERSENNE.unpack(bytes(state[: MERSENNE.size].tolist()))
    if seeded != 1 or not ((left, following) == (1, 0) or (left >= 1 and left + following == MERSENNE_NUMBERS + 1)):
        raise ValueError("a generator's state that is none")
    torch.Generator().set_state(state)
    return state
