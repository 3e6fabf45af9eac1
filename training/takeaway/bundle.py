"""A run as one zip, which opens again in any copy of the app: what the run folder holds, in the forms of
`training.takeaway.bundle_files`.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from training.runs.run_folder import Run
from training.system.errors import UserError
from training.system.files import plain_file, replacing
from training.takeaway.bundle_files import (
    CONFIG,
    RESUME,
    STATUS,
    as_ended,
    checked_config,
    checked_picture,
    checked_text,
    kind_of,
)
from training.takeaway.resume_tensors import as_safetensors, contents_of, state_from

__all__ = ["bundle", "bundle_name", "write_bundle"]

PACKED_ALREADY = (".png", ".safetensors")
EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip's first day: one run gives one bundle, whenever it is made


def bundle_name(run: Run) -> str:
    """The name of the file."""
    return f"{run.id}.elbo.zip"


def write_bundle(run: Run, file: Path) -> None:
    """Write a run's bundle; whole or not at all.

    Raises:
        UserError: the run cannot be read, or the file cannot be written.
    """
    try:
        with replacing(file) as out:
            _write(run, out)
    except OSError as error:
        raise UserError(f"{file} cannot be written ({error.strerror}): choose another place.") from error


def bundle(run: Run) -> bytes:
    """A run's bundle.

    Raises:
        UserError: the run cannot be read.
    """
    out = io.BytesIO()
    _write(run, out)
    return out.getvalue()


def _write(run: Run, out: BinaryIO) -> None:
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in _files(run):
            entry = zipfile.ZipInfo(f"{run.id}/{name}", EARLIEST)
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(PACKED_ALREADY) else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def _files(run: Run) -> Iterator[tuple[str, bytes]]:
    """Names and contents, the config first. What is damaged or leads out of the folder is left out."""
    config = _content(run.path, CONFIG)
    checked_config(config)
    yield CONFIG, config
    yield STATUS, as_ended(run.status()).model_copy(update={"updated": 0.0}).model_dump_json().encode()
    for name in _names(run.path):
        kind = kind_of(name)
        if kind is None or kind.content in ("config", "status", "resume"):
            continue
        try:
            content = plain_file(run.path, name)
            if kind.content == "text":
                content = checked_text(name, content, mend=True)
            elif kind.content == "picture":
                content = checked_picture(name, content)
        except (OSError, UserError):
            continue
        if len(content) <= kind.most_bytes:
            yield name, content
    if (resume := _resume(run)) is not None:
        yield RESUME, resume


def _content(folder: Path, name: str) -> bytes:
    try:
        return plain_file(folder, name)
    except OSError as error:
        raise UserError(f"The {name} of the run {folder.name} cannot be read ({error.strerror}).") from error


def _names(folder: Path) -> list[str]:
    """Of the files in a run folder and in the folders in it, with forward slashes, in order."""
    found = [path for depth in ("*", "*/*", "*/*/*") for path in folder.glob(depth)]
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _resume(run: Run) -> bytes | None:
    """The state to resume from, where the run has one left to resume from."""
    if run.status().state == "finished" or (state := run.resume_state()) is None:
        return None
    try:
        content = as_safetensors(state)
        state_from(*contents_of(content), run.config)
    except (UserError, KeyError, TypeError, ValueError):  # a state of older days, or a damaged one
        return None
    return content
