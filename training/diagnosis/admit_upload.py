"""The one way in for a stranger's file: read in quarantine, decoded once outside of it, understood, diagnosed."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from training.checkpoints.quarantine import Quarantine
from training.checkpoints.reading import Checkpoint, read_tensors
from training.diagnosis.findings import Diagnosis, examine
from training.system.errors import UserError

__all__ = ["Admitted", "admit"]


class Admitted(NamedTuple):
    """What came of a file.

    Attributes:
        checkpoint: its model, if it is one; its file holds plain tensors and nothing else.
        diagnosis: what was found in it, if it holds tensors at all.
        sentence: why it is no model; "" if it is one.
    """

    checkpoint: Checkpoint | None
    diagnosis: Diagnosis | None
    sentence: str


def admit(content: bytes, name: str, folder: Path, quarantine: Quarantine) -> Admitted:
    """Read a stranger's file of weights. Never raises, whatever its bytes.

    Arguments:
        name: what to call it, safe as the name of a file; what it holds is kept as `<name>.safetensors` if it is a
            model.
        folder: of the visitor alone.
    """
    raw, clean = folder / "uploaded", folder / f"{name}.safetensors"
    try:
        raw.write_bytes(content)
        quarantine.read(raw, name, clean)
        tensors, facts, content = read_tensors(clean, name)
    except (UserError, OSError) as error:
        clean.unlink(missing_ok=True)
        return Admitted(None, None, str(error))
    finally:
        raw.unlink(missing_ok=True)
    understood, diagnosis, refusal = examine(tensors, name, facts)
    if understood is None:
        clean.unlink()
        return Admitted(None, diagnosis, refusal)
    sha256 = hashlib.sha256(content).hexdigest()
    return Admitted(Checkpoint(name=name, file=clean, sha256=sha256, **understood._asdict()), diagnosis, "")
