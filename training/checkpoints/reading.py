"""Weights from anywhere: our own runs, the shipped models, a stranger's file; and writing them.

A file is read as tensors and nothing else. Its family and sizes are recognised from the names and shapes of its
tensors; what it says about itself is taken only where every shape agrees, to tell a beta-VAE from a VAE.
"""

import hashlib
import io
import json
import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os.path import isfile
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import safetensors
import safetensors.torch
import torch
from pydantic import ValidationError
from torch import Tensor

from models.contract import Model
from models.family import Family, ModelConfig, with_article
from models.recognition.recognise import Unrecognised, recognise
from models.registry import FAMILIES
from training.checkpoints.pickle_scan import OPTIMISER_SENTENCE, is_optimiser, is_zip, what_was_pickled
from training.checkpoints.records import facts_in, learned_from
from training.data.registry import named_or_default
from training.data.seen import NOT_KNOWN
from training.system.errors import UserError
from training.system.files import replace_file

__all__ = [
    "LARGEST_FILE",
    "Checkpoint",
    "Contents",
    "Understood",
    "load_checkpoint",
    "plain_names",
    "read_tensors",
    "understand",
    "weights_file",
    "write_safetensors",
]

WEIGHT_FILES = ("checkpoint.safetensors", "model.safetensors")
LARGEST_FILE = 512 * 2**20
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_WRAPPERS = ("state_dict", "model_state_dict", "model")
_PREFIXES = re.compile(r"(?:module\.|_orig_mod\.)+")


@dataclass(frozen=True)
class Checkpoint:
    """Weights whose family and sizes are known.

    Attributes:
        name: what a person calls it: the folder's or the file's name.
        file: where it was read from.
        sha256: of that file; with it every number can be traced to its weights.
        data: name of the data set that it was trained on, as the file or its folder says; where neither does, the
            default of its kind of images.
        state: the model's own tensors, float32.
        ignored: names of the file's other tensors, each of them a constant or a counter.
        assumed: whether the file leaves open a number that its likelihood depends on, such as the variance of colours:
            the recipe's is taken then.
        step: training steps behind the weights, where the file says so.
    """

    name: str
    file: Path
    sha256: str
    family: Family
    config: ModelConfig
    data: str
    state: Mapping[str, Tensor] = field(repr=False)
    ignored: tuple[str, ...] = ()
    step: int | None = None
    assumed: bool = False

    @property
    def learned_from(self) -> str:
        """Name of the data set of its training, where its folder holds the record of that; else `NOT_KNOWN`, whatever
        `data` says.
        """
        return learned_from(self.file.parent) if self.file.name in WEIGHT_FILES else NOT_KNOWN

    @property
    def likelihood(self) -> str:
        """What p(x|z) is, in words, and whether that is only assumed."""
        return self.config.likelihood + (", which the file does not say and is assumed" if self.assumed else "")

    @cached_property
    def model(self) -> Model:
        """The model with these weights, built once and shared by all who ask: never change it."""
        return self.build()

    def build(self) -> Model:
        """A model with these weights, on the CPU, in evaluation mode."""
        with torch.device("meta"):
            model = self.family.build(self.config)
        model.load_state_dict(dict(self.state), assign=True)
        return model.eval().requires_grad_(False)


class Understood(NamedTuple):
    """What a file's tensors are; the attributes as in `Checkpoint`."""

    family: Family
    config: ModelConfig
    data: str
    state: dict[str, Tensor]
    ignored: tuple[str, ...]
    step: int | None
    assumed: bool


def weights_file(path: Path) -> Path:
    """The weights behind a path that a person gave: a run folder, a pretrained folder, or a file.

    Raises:
        UserError: there is nothing, or nothing with weights.
    """
    try:
        path.stat()
    except (OSError, ValueError) as error:  # also names that are too long, or no names at all
        raise UserError(
            f"There is no checkpoint at {str(path)[:200]}: check the path; shipped models are in pretrained/."
        ) from error
    if path.is_dir():
        for name in WEIGHT_FILES:
            if (path / name).is_file():
                return path / name
        raise UserError(
            f"The folder {path} holds no weights: give a run folder, a folder of pretrained/, or a file that ends "
            "in .safetensors or .pt."
        )
    if not path.is_file():
        raise UserError(f"{path} is no file: give a run folder, a folder of pretrained/, or a file of weights.")
    return path


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read weights from a run folder, a pretrained folder, a .safetensors or a .pt file.

    Raises:
        UserError: missing, damaged, too large, not weights, not finite, or of no family known here.
    """
    file = Path(path)
    if not isfile(file):  # noqa: PTH113 - a Path raises where a name is too long
        file = weights_file(file)
    tensors, facts, content = read_tensors(file, file.name)
    if file.name in WEIGHT_FILES:
        facts = {"data": facts_in(file.parent).get("data", "")} | facts
    understood = understand(tensors, facts, file.name)
    return Checkpoint(
        name=file.parent.name if file.name in WEIGHT_FILES else file.stem,
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        **understood._asdict(),
    )


def understand(tensors: Mapping[str, Tensor], facts: Mapping[str, str], name: str) -> Understood:
    """Tell which model a file's tensors are, and take from them those that it needs.

    Arguments:
        tensors, facts: as `read_tensors` gives them.
        name: of the file, for the sentence of a refusal.

    Raises:
        UserError: they are of no family known here, do not fit each other, or are not finite.
    """
    tensors = plain_names(tensors)
    claimed = _claimed(facts, tensors)
    family, config = claimed or _recognise(tensors, name)
    numbers = _single_numbers(tensors, config.free_numbers())
    if claimed is None:
        config = config.with_numbers(numbers)
    data = named_or_default(facts.get("data", ""), family.images).name
    assumed = claimed is None and any(name not in numbers for name in config.free_numbers())
    return Understood(family, config, data, *_select(tensors, family, config, name), _step_of(facts), assumed)


def plain_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors by their parameters' own names, without what DataParallel or torch.compile put before them.

    Nested tensors, which have no shape, are left out.
    """
    return {_plain_name(name): value for name, value in tensors.items() if not value.is_nested}


class Contents(NamedTuple):
    """What is in a file of weights.

    Attributes:
        tensors: by their names in the file.
        facts: what the file says about itself.
        content: the whole file, as it is.
    """

    tensors: dict[str, Tensor]
    facts: dict[str, str]
    content: bytes


def read_tensors(file: Path, name: str) -> Contents:
    """Read a safetensors file, what torch.save wrote in today's or the old format, or the zip of a run folder.

    Arguments:
        name: of the file, for the sentence of a refusal.

    Raises:
        UserError: too large, damaged, more than tensors, no state_dict, or it cannot be read.
    """
    try:
        size = file.stat().st_size
        if size > LARGEST_FILE:
            raise UserError(
                f"{name} has {size / 2**20:,.0f} MB; weights of these models have a few: the limit is "
                f"{LARGEST_FILE // 2**20} MB."
            )
        whole = file.read_bytes()
    except OSError as error:
        raise UserError(f"{name} cannot be read ({error.strerror}): check its permissions.") from error
    zipped = _zipped_weights(whole, name)
    content = whole if zipped is None else zipped
    if _is_safetensors(content):
        try:
            tensors = safetensors.torch.load(content)
        except Exception as error:  # as of torch's files below
            raise UserError(f"{name} is damaged or not a safetensors file: write or download it again.") from error
        facts = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")]).get("__metadata__") or {}
    else:
        tensors, facts = _read_torch(content, name), {}
    if (unpacked := 4 * sum(value.numel() for value in tensors.values())) > LARGEST_FILE:
        raise UserError(f"{name} would unpack to {unpacked / 2**20:,.0f} MB: it is not one of these models.")
    return Contents(tensors, facts, whole)


def write_safetensors(
    path: Path, state: Mapping[str, Tensor], *, family: str, config: ModelConfig, step: int, data: str = ""
) -> None:
    """Write weights under the homework's parameter names, and what they are; whole or not at all."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    facts = {"family": family, "config": config.model_dump_json(), "step": str(step)} | ({"data": data} if data else {})
    replace_file(path, safetensors.torch.save(tensors, metadata=facts))


def _is_safetensors(content: bytes) -> bool:
    """A safetensors file opens with its header's length and a brace; torch's two formats never do."""
    return len(content) > 8 and content[8:9] == b"{" and int.from_bytes(content[:8], "little") < len(content)


def _step_of(facts: Mapping[str, str]) -> int | None:
    step = facts.get("step", "")
    return int(step) if step.isdecimal() and len(step) < 10 else None


def _claimed(facts: Mapping[str, str], tensors: Mapping[str, Tensor]) -> tuple[Family, ModelConfig] | None:
    """The family and config that a file says it holds, if the names and shapes of its tensors are exactly theirs."""
    family = FAMILIES.get(facts.get("family", ""))
    if family is None:
        return None
    try:
        config = family.config.model_validate_json(facts.get("config", ""))
    except ValidationError:
        return None
    with torch.device("meta"):
        expected = family.build(config).state_dict()
    same = {name: value.shape for name, value in expected.items()} == {
        name: value.shape for name, value in tensors.items()
    }
    return (family, config) if same else None


def _read_torch(content: bytes, name: str) -> dict[str, Tensor]:
    """Read what torch.save wrote, today's zip format or the old one, allowing nothing but tensors."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of formats that are then refused in our own words
            loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        tensors = _state_dict_in(loaded)  # a strange dict may refuse to be asked
    except Exception as error:  # a broken or hostile file can fail in any way; what it holds may say more
        raise UserError(
            what_was_pickled(content, name)
            or f"{name} cannot be read as weights: it is damaged, or holds more than tensors; save it again with "
            "torch.save(model.state_dict(), path)."
        ) from error
    if tensors is None and is_optimiser(loaded):
        raise UserError(f"{name} {OPTIMISER_SENTENCE}")
    if tensors is None:
        raise UserError(f"{name} holds no state_dict: save it with torch.save(model.state_dict(), path).")
    return tensors


def _zipped_weights(content: bytes, name: str) -> bytes | None:
    """The weights in the zip of a run folder; None where the content is no such zip."""
    if not is_zip(content):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if (unpacked := sum(entry.file_size for entry in entries)) > LARGEST_FILE:
                raise UserError(f"{name} would unpack to {unpacked / 2**20:,.0f} MB: it is not one of these models.")
            if any(PurePosixPath(entry.filename).name == "data.pkl" for entry in entries):
                return None  # torch's own
            found = [entry for entry in entries if PurePosixPath(entry.filename).name in WEIGHT_FILES]
            if len(found) != 1:
                raise UserError(
                    f"{name} is a zip with {len(found)} files of weights in it: zip one run folder, with its "
                    "checkpoint.safetensors."
                )
            with archive.open(found[0]) as weights:
                return weights.read(found[0].file_size)  # and no more, whatever it would unpack to
    except UserError:
        raise
    except Exception as error:  # damaged, encrypted, of a method that nobody knows: zipfile has many words for it
        raise UserError(f"{name} is a zip that cannot be read: zip the run folder again.") from error


def _state_dict_in(content: Any) -> dict[str, Tensor] | None:
    """The tensors by name in what torch.save wrote: a state_dict, or a dict around one; None where there are none."""
    if not isinstance(content, Mapping):
        return None
    for place in (*map(content.get, _WRAPPERS), content):  # "loss" beside a wrapped state_dict may be a tensor too
        if isinstance(place, Mapping):
            named = {key: each for key, each in place.items() if isinstance(key, str) and isinstance(each, Tensor)}
            if named:
                return named
    return None


def _plain_name(name: str) -> str:
    return name[found.end() :] if (found := _PREFIXES.match(name)) else name


def _single_numbers(tensors: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, float]:
    """Which of these tensors a file holds, each of them one positive number, however often it is repeated."""
    found: dict[str, float] = {}
    for name in names:
        value = tensors.get(name)
        if value is None or value.dtype not in _FLOATS or value.layout != torch.strided or not value.numel():
            continue
        numbers = value.double().flatten()
        if bool((numbers == numbers[0]).all()) and 0 < float(numbers[0]) < float("inf"):
            found[name] = round(float(numbers[0]), 7)  # float32's 0.1 is 0.10000000149
    return found


def _recognise(tensors: Mapping[str, Tensor], name: str) -> tuple[Family, ModelConfig]:
    try:
        return recognise({key: tuple(value.shape) for key, value in tensors.items()})
    except Unrecognised as error:
        raise UserError(f"{name} {error}") from error


def _select(
    tensors: Mapping[str, Tensor], family: Family, config: ModelConfig, name: str
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The tensors that the model has, as float32; buffers that a file lacks keep their fixed values."""
    with torch.device("meta"):
        expected = family.build(config)
    constants = {key for key, _ in expected.named_buffers()} - tensors.keys()
    state: dict[str, Tensor] = {}
    for key, blank in expected.state_dict().items():
        if key in constants:
            continue
        value = tensors.get(key)
        if value is None:
            raise UserError(
                f"{name} lacks {key}: {with_article(family.title)} needs it; save the whole model.state_dict()."
            )
        if value.dtype not in _FLOATS or value.layout != torch.strided or value.is_meta:
            raise UserError(f"{name} has {key} stored as something else than plain numbers: save float32 tensors.")
        if value.shape != blank.shape:
            raise UserError(
                f"{name} has {key} of shape {tuple(value.shape)} where its other layers ask for {tuple(blank.shape)}."
            )
        state[key] = value.float().contiguous()
        if not bool(state[key].isfinite().all()):
            raise UserError(f"{name} has values in {key} that are not finite numbers: this training had diverged.")
    if constants:
        fresh = family.fresh(config, seed=0).state_dict()
        state |= {key: fresh[key] for key in constants}
    if fault := family.model.fault_in(state):
        raise UserError(f"{name} {fault}.")
    return state, tuple(sorted(tensors.keys() - state.keys()))


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
