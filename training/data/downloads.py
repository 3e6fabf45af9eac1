"""Downloads through torchvision: progress, patience with a silent network, and errors as sentences."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from training.system.errors import UserError
from training.system.folders import data_folder

__all__ = ["fetching"]

_PATIENCE_SECONDS = 10.0


@contextmanager
def fetching(what: str, folder: Path, size: int, on_progress: Callable[[float], None], otherwise: str) -> Iterator[Any]:
    """Gives torchvision's `datasets`; what is downloaded with it meanwhile reports its progress.

    Arguments:
        what: the name of the data.
        folder: where they go; it is made.
        size: bytes of all that may have to be fetched.
        on_progress: called with the fraction done, 0..1. An exception it raises ends the download.
        otherwise: what somebody without network can do, to end a sentence with.

    Raises:
        UserError: no network, a folder that cannot be written, or a file that arrives broken.
    """
    from training.data.torchvision_compat import import_datasets

    try:
        folder.mkdir(parents=True, exist_ok=True)
        datasets = import_datasets()
        with _reporting(datasets.utils, size, on_progress):
            yield datasets
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.filename and not _is_network(error):
            raise UserError(
                f"The data folder {data_folder()} cannot be written ({error.strerror}): choose another with the "
                "environment variable ELBO_LAB_DATA."
            ) from error
        raise UserError(f"{what} could not be downloaded: check the network and try again, or {otherwise}.") from error
    on_progress(1.0)


def _is_network(error: OSError) -> bool:
    from urllib.error import URLError

    return isinstance(error, (URLError, TimeoutError, ConnectionError))


@contextmanager
def _reporting(utils: Any, size: int, on_progress: Callable[[float], None]) -> Iterator[None]:
    """While it lasts, torchvision's downloads report to a callback and give up on a silent network.

    torchvision reports progress only through the name `tqdm` of its `utils` module.
    """
    counter = _Counter(size, on_progress)
    tqdm, patience = utils.tqdm, socket.getdefaulttimeout()
    utils.tqdm = lambda **_: counter
    socket.setdefaulttimeout(_PATIENCE_SECONDS)
    try:
        yield
    finally:
        utils.tqdm = tqdm
        socket.setdefaulttimeout(patience)


class _Counter:
    """The part of tqdm's interface that torchvision uses, counting the bytes of all files."""

    def __init__(self, size: int, on_progress: Callable[[float], None]) -> None:
        self.size, self.on_progress, self.bytes = size, on_progress, 0

    def __enter__(self) -> "_Counter":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, count: int) -> None:
        self.bytes += count
        self.on_progress(min(self.bytes / self.size, 1.0))
