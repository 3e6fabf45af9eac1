"""A bundle becomes a run again. It may come from anybody: nothing of it is believed before it is checked, nothing of it
runs, and what is refused leaves nothing behind.

Names must be those of `training.takeaway.bundle_files`, sizes and ratios of compression within bounds, before anything
is unpacked. Texts and pictures are written anew from what was understood; weights, and the state to resume from, are
read in quarantine as plain tensors, must fit the run's config, and are written anew.
"""

import json
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch

from models.registry import FAMILIES
from training.checkpoints.quarantine import Quarantine
from training.checkpoints.reading import LARGEST_FILE, read_tensors, understand, write_safetensors
from training.people.places import every_place, is_run_id, root_of
from training.people.rights import own_place
from training.runs.config import TrainConfig
from training.runs.run_folder import Run, Status
from training.system.errors import UserError
from training.system.files import replace_file
from training.takeaway.bundle_files import (
    CONFIG,
    RESUME,
    STATUS,
    checked_config,
    checked_picture,
    checked_status,
    checked_text,
    kind_of,
)
from training.takeaway.resume_tensors import state_from

__all__ = ["MOST_BYTES", "open_bundle"]

MOST_FILES = 5000
MOST_BYTES = 1 << 30  # of all files together, unpacked
MOST_RATIO, FREE_BYTES = 200, 1 << 20  # compression beyond the ratio is a bomb; what unpacks to less is none
BESIDE = ".opening-"  # a folder that no list of runs shows
MOST_NUMBERED = 10_000
MOST_HEADER_BYTES = 1 << 18


def open_bundle(file: Path, quarantine: Quarantine, folder: Path | None = None, *, name: str = "") -> Run:
    """Make a run of a bundle, under its own id, or under the next free one where that is taken by anybody.

    Arguments:
        folder: of runs, where it goes; that of whoever asks, if not given.
        name: of the file, for the sentence of a refusal.

    Raises:
        UserError: it is no bundle, damaged, too large, or holds something that a bundle has not; or nothing can be
            written.
    """
    folder, name = folder or own_place(), name or file.name
    try:
        with _beside(folder) as (raw, made):
            with _zip(file, name) as archive:
                run_id, entries = _entries(archive, name)
                for entry_name, entry in entries.items():
                    target = raw / entry_name.replace("/", "+")
                    target.write_bytes(_unpacked(archive, entry, entry_name))
            _make_anew(raw, list(entries), made, quarantine)
            return Run(_in_place(made, folder, run_id))
    except UserError as error:
        raise UserError(f"{name} cannot be opened as a run: {_lower(str(error))}") from error
    except OSError as error:
        raise UserError(f"{name} cannot be opened: the runs folder cannot be written ({error.strerror}).") from error


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() and " " in sentence else sentence


@contextmanager
def _beside(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Two empty folders on the disk of the runs, gone in the end: for what was unpacked, and for what is made of it."""
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=BESIDE, dir=folder))
    try:
        raw, made = place / "raw", place / "made"
        raw.mkdir()
        made.mkdir()
        yield raw, made
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _zip(file: Path, name: str) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except UserError:
        raise
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise UserError("it is no zip that can be read; download it again.") from error


def _entries(archive: zipfile.ZipFile, name: str) -> tuple[str, dict[str, zipfile.ZipInfo]]:
    """The id of the run, and its files by their names; folders are passed over.

    Raises:
        UserError: a name that a bundle has not, or that it has twice; a link; too much of anything.
    """
    every = archive.infolist()
    if len(every) > MOST_FILES:
        raise UserError(f"it holds {len(every):,} files, and a run has at most {MOST_FILES:,}.")
    run_id = every[0].filename.partition("/")[0] if every else ""
    if not is_run_id(run_id):
        raise UserError(
            "it is not a run's bundle; make one with `Download the run` or `python -m training runs bundle`."
        )
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in every:
        top, _, rest = entry.filename.partition("/")
        kind = kind_of(rest)
        if top != run_id or kind is None:
            raise UserError(f"it holds {entry.filename[:80]!r}, which is no file of a run's bundle.")
        if rest in found:
            raise UserError(f"it holds {rest} twice.")
        if entry.is_dir() or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise UserError(f"its {rest} is not a plain file.")
        if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UserError(f"its {rest} is packed in a way that bundles are not.")
        if entry.file_size > kind.most_bytes:
            raise UserError(f"its {rest} would unpack to {entry.file_size / 2**20:,.0f} MB.")
        if entry.file_size > FREE_BYTES and entry.file_size > MOST_RATIO * entry.compress_size:
            raise UserError(
                f"its {rest} would unpack to {entry.file_size // max(entry.compress_size, 1):,} times its size."
            )
        found[rest] = entry
    if (unpacked := sum(entry.file_size for entry in found.values())) > MOST_BYTES:
        raise UserError(f"it would unpack to {unpacked / 2**20:,.0f} MB; the limit is {MOST_BYTES // 2**20:,} MB.")
    for needed in (CONFIG, STATUS):
        if needed not in found:
            raise UserError(f"it lacks {needed}.")
    return run_id, found


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    with archive.open(entry) as packed:
        content = packed.read(entry.file_size + 1)  # and no more, whatever it would unpack to
    if len(content) != entry.file_size:
        raise UserError(f"its {name} is not as long as it says.")
    return content


def _make_anew(raw: Path, names: list[str], made: Path, quarantine: Quarantine) -> None:
    """Write every file again, from what was understood of it."""

    def unpacked(name: str) -> Path:
        return raw / name.replace("/", "+")

    config = checked_config(unpacked(CONFIG).read_bytes())
    shapes = _shapes(config)
    status = checked_status(unpacked(STATUS).read_bytes(), config)
    _keep(made, CONFIG, config.model_dump_json(indent=2).encode())
    _keep(made, STATUS, status.model_dump_json().encode())
    for name in names:
        kind = kind_of(name)
        assert kind is not None
        match kind.content:
            case "text":
                _keep(made, name, checked_text(name, unpacked(name).read_bytes()))
            case "picture":
                _keep(made, name, checked_picture(name, unpacked(name).read_bytes()))
            case "weights":
                found = kind.names.fullmatch(name)
                step = int(found[1]) if found is not None and found[1] else None
                _take_weights(unpacked(name), made / name, name, config, status, shapes, step, quarantine)
            case "resume":
                _take_resume(unpacked(name), made / "resume.pt", config, status, quarantine)


def _keep(folder: Path, name: str, content: bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    replace_file(folder / name, content, sync=False)


def _shapes(config: TrainConfig) -> Mapping[str, torch.Size]:
    """Of the tensors of the run's model.

    Raises:
        UserError: it would be larger than any model of this app.
    """
    with torch.device("meta"):
        expected = FAMILIES[config.family].build(config.model).state_dict()
    if (size := 4 * sum(value.numel() for value in expected.values())) > LARGEST_FILE:
        raise UserError(f"its model would have {size / 2**20:,.0f} MB of weights.")
    return {name: value.shape for name, value in expected.items()}


def _take_weights(
    file: Path,
    target: Path,
    name: str,
    config: TrainConfig,
    status: Status,
    shapes: Mapping[str, torch.Size],
    step: int | None,
    quarantine: Quarantine,
) -> None:
    clean = file.with_name(f"clean-{file.name}")
    quarantine.read(file, name, clean)
    tensors, facts, _ = read_tensors(clean, name)
    own = {"family": config.family, "config": config.model.model_dump_json(), "data": config.data}
    if {key: value.shape for key, value in tensors.items()} != shapes:
        raise UserError(f"its {name} holds weights of another model than its config says.")
    understood = understand(tensors, {**facts, **own}, name)
    said = understood.step if understood.step is not None else status.step
    target.parent.mkdir(exist_ok=True)
    write_safetensors(
        target,
        understood.state,
        family=config.family,
        config=config.model,
        step=min(said, config.steps) if step is None else step,
        data=config.data,
    )
    if _says_the_same(file.read_bytes(), target.read_bytes()):  # then its own bytes may stay, and with them its sha256
        replace_file(target, file.read_bytes(), sync=False)
    clean.unlink()


def _says_the_same(content: bytes, ours: bytes) -> bool:
    """Whether two safetensors files differ in nothing but the order in which they name what they hold."""
    ends = [8 + int.from_bytes(each[:8], "little") for each in (content, ours)]
    if max(ends) > MOST_HEADER_BYTES or content[ends[0] :] != ours[ends[1] :]:
        return False
    try:
        said, own = (json.loads(each[8:end]) for each, end in zip((content, ours), ends, strict=True))
    except (ValueError, RecursionError):
        return False
    return bool(said == own)


def _take_resume(file: Path, target: Path, config: TrainConfig, status: Status, quarantine: Quarantine) -> None:
    clean = file.with_name(f"clean-{file.name}")
    quarantine.read(file, RESUME, clean)
    tensors, facts, _ = read_tensors(clean, RESUME)
    state = state_from(tensors, facts, config)
    with target.open("wb") as out:
        torch.save(state, out)
    clean.unlink()


def _in_place(made: Path, folder: Path, run_id: str) -> Path:
    """Move the finished folder to its id, or to the next free one."""
    places = every_place(root_of(folder))
    for name in (run_id, *(f"{run_id[:90]}-{number}" for number in range(2, MOST_NUMBERED))):
        target = folder / name
        if any(os.path.lexists(place / name) for place in places):
            continue
        try:
            made.rename(target)
        except OSError:
            if os.path.lexists(target):  # somebody was faster
                continue
            raise
        return target
    raise UserError("there are too many runs of its name.")
