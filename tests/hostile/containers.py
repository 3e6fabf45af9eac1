"""The containers in which a pickle or tensors may come: torch's two formats, a zipped run folder, or none."""

import io
import pickle
import zipfile
from collections.abc import Callable, Iterable, Mapping

from tests.hostile.opcodes import listed, pickled

__all__ = ["CONTAINERS", "bare", "in_run_folder", "legacy", "torch_zip", "zipped"]

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
SYSTEM = {"protocol_version": PROTOCOL, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
Storages = Mapping[str, tuple[int, bytes]]


def zipped(entries: Iterable[tuple[str, bytes]], *, deflated: bool = True, symlinks: bool = False) -> bytes:
    """A zip with these entries, dated alike wherever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o120777 if symlinks else 0o100644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED)
    return buffer.getvalue()


def torch_zip(program: bytes, storages: Storages | None = None, facts: Mapping[str, bytes] | None = None) -> bytes:
    """A pickle as torch.save writes it today; `facts` replace or add records."""
    records = {"data.pkl": program, "byteorder": b"little"}
    records |= {f"data/{key}": content for key, (_, content) in (storages or {}).items()}
    records |= {"version": b"3\n", **(facts or {})}
    return zipped([(f"archive/{name}", content) for name, content in records.items()], deflated=len(program) > 10_000)


def legacy(program: bytes, storages: Storages | None = None) -> bytes:
    """A pickle as torch.save wrote it before 1.6: every storage says how many numbers it has, then come its bytes."""
    held = storages or {}
    opening = b"".join(pickle.dumps(fact, 2) for fact in (MAGIC, PROTOCOL, SYSTEM))
    bodies = b"".join(numel.to_bytes(8, "little", signed=True) + content for numel, content in held.values())
    return opening + program + pickled(listed(*held)) + bodies


def in_run_folder(content: bytes) -> bytes:
    """The zip of a run folder whose weights these are."""
    return zipped([("mine/config.json", b"{}"), ("mine/checkpoint.safetensors", content)])


def bare(program: bytes) -> bytes:
    """A pickle and nothing around it."""
    return program


CONTAINERS: dict[str, Callable[[bytes], bytes]] = {"zip": torch_zip, "old": legacy, "run": in_run_folder, "bare": bare}
