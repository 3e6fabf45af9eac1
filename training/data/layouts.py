"""Where the files of a data set may lie, and in which forms: as torchvision, Kaggle or a person left them. Light.

<data folder>/MNIST/raw/train-images-idx3-ubyte      as torchvision unpacks it
             /MNIST/processed/training.pt            as torchvision kept it until 2020
             /MNIST/..., /raw/..., /...              one level too high, or a data folder that is MNIST itself
train-images.idx3-ubyte                              with a dot in its name, as some archives unpack it
train-images-idx3-ubyte.gz                           not unpacked; also without the .gz in its name
train-images-idx3-ubyte/train-images-idx3-ubyte      in a folder of its own name, as in Kaggle's archive
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from training.system.folders import data_folder

__all__ = ["Candidate", "folders", "idx_candidates", "read_unpacked"]

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Candidate:
    """A file that may be the one that is looked for.

    Attributes:
        path: of the file itself.
        read: its contents, unpacked; raises OSError or ValueError.
    """

    path: Path
    read: Callable[[], bytes]

    @property
    def state(self) -> tuple[str, int, int]:
        """What changes whenever the file does: its path, size and last change. Raises OSError."""
        found = self.path.stat()
        return str(self.path), found.st_size, found.st_mtime_ns


def folders(own: str, *, anywhere: bool) -> list[Path]:
    """Where files of a data set may lie, the likeliest first.

    Arguments:
        own: name of the data set's folder within the data folder.
        anywhere: right in the data folder too, whatever its name: for files that are known by their contents.
    """
    data = data_folder()
    places = [data / name for name in dict.fromkeys((own, own.lower()))]
    if anywhere or own.lower() in (data.name.lower(), data.parent.name.lower()):
        places.append(data)
    return [place / inner for place in places for inner in ("raw", "")]


def idx_candidates(name: str, places: list[Path], legacy: Callable[[Path], bytes]) -> Iterator[Candidate]:
    """The files that are there and may hold what an IDX file of this name does.

    Arguments:
        name: as its publisher has it, such as "train-images-idx3-ubyte".
        places: folders to look in.
        legacy: reads the same out of what old versions of torchvision kept.
    """
    spellings = [f"{spelling}{packed}" for packed in ("", ".gz") for spelling in (name, name.replace("-idx", ".idx"))]
    for place in filter(Path.is_dir, places):
        for spelling in spellings:
            path = place / spelling
            for found in (path, *(path / inner for inner in spellings)) if path.is_dir() else (path,):
                if found.is_file():
                    yield Candidate(found, partial(read_unpacked, found))
    kept = "training.pt" if name.startswith("train") else "test.pt"
    for place in dict.fromkeys(place.parent if place.name == "raw" else place for place in places):
        if (path := place / "processed" / kept).is_file():
            yield Candidate(path, partial(legacy, path))


def read_unpacked(path: Path) -> bytes:
    """A file's contents, unpacked if they are gzipped, whatever its name says.

    Raises:
        OSError: it cannot be read.
        ValueError: what is packed is damaged.
    """
    content = path.read_bytes()
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error) as error:
        raise ValueError("it is damaged") from error
