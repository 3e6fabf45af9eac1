import hashlib
import socket
from pathlib import Path
from urllib.error import URLError

import pytest
import torch

from training.data.datasets import Dataset, load_dataset
from training.data.idx_files import SIZES
from training.data.mnist import FILES
from training.data.registry import best_data_set
from training.data.torchvision_compat import import_datasets
from training.system.errors import Cancelled, UserError
from training.system.folders import data_folder

RAW_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@pytest.fixture
def empty_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("ELBO_LAB_DATA", str(folder))
    return folder


def put_raw_files(folder: Path) -> Path:
    """Files of the official sizes that are all zeros, and so not the official ones."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in RAW_FILES:
        with (raw / name).open("wb") as file:
            file.truncate(SIZES[name])
    return raw


def test_all_four_files_make_the_full_mnist(empty_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (FILES.on_disk(), FILES.problem(), best_data_set().name) == (False, "", "mnist-sample")
    raw = put_raw_files(empty_data)
    assert (FILES.on_disk(), best_data_set().name) == (False, "mnist-sample")  # the sizes alone do not make it MNIST
    for name in RAW_FILES:
        digest = hashlib.sha256((raw / name).read_bytes()).hexdigest()
        monkeypatch.setitem(FILES.digests, name, digest)  # type: ignore[arg-type]
    FILES._judged.clear()
    assert (FILES.on_disk(), FILES.problem(), best_data_set().name) == (True, "", "mnist")
    (raw / RAW_FILES[2]).write_bytes(b"damaged while it was unpacked")
    assert (FILES.on_disk(), best_data_set().name) == (False, "mnist-sample")
    assert FILES.problem().startswith(f"{raw / RAW_FILES[2]} is damaged or not MNIST's file")
    (raw / RAW_FILES[2]).unlink()
    assert (FILES.on_disk(), best_data_set().name) == (False, "mnist-sample")
    assert FILES.problem().startswith(f"Of MNIST's four files {RAW_FILES[2]} cannot be found: run `python -m")


def test_files_that_are_not_the_official_ones_are_refused(empty_data: Path) -> None:
    raw = put_raw_files(empty_data)
    assert FILES.problem().startswith(f"{raw / RAW_FILES[0]} is damaged or not MNIST's file: move it away or delete it")
    with pytest.raises(
        UserError, match="is damaged or not MNIST's file: move it away or delete it, and run `python -m"
    ):
        load_dataset("mnist")


@pytest.mark.full_data
def test_the_official_files_are_official(full_mnist: Dataset) -> None:
    assert FILES.on_disk()
    assert FILES.problem() == ""


@pytest.mark.full_data
def test_both_splits_are_read_as_torchvision_reads_them(full_mnist: Dataset) -> None:
    for split, digits in (("train", full_mnist.train), ("test", full_mnist.test)):
        expected = import_datasets().MNIST(str(data_folder()), train=split == "train")
        assert torch.equal(digits.images, expected.data.flatten(1))
        assert torch.equal(digits.labels, expected.targets)


@pytest.mark.full_data
def test_a_download_keeps_files_that_are_whole(full_mnist: Dataset) -> None:
    files = [data_folder() / "MNIST" / "raw" / name for name in RAW_FILES]
    before = [file.stat().st_mtime_ns for file in files]
    fractions: list[float] = []
    FILES.download(fractions.append)
    assert [file.stat().st_mtime_ns for file in files] == before
    assert fractions == [1.0]


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("in the way")
    monkeypatch.setenv("ELBO_LAB_DATA", str(blocked / "data"))
    with pytest.raises(UserError, match=r"cannot be written.*ELBO_LAB_DATA"):
        FILES.download()


class TestDownload:
    """The network is replaced where torchvision opens an address; everything above that is real."""

    @pytest.fixture
    def opened(self, empty_data: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        addresses: list[str] = []

        def refuse(request: object, *_: object, **__: object) -> None:
            addresses.append(str(getattr(request, "full_url", request)))
            raise URLError("Name or service not known")

        monkeypatch.setattr("urllib.request.urlopen", refuse)
        return addresses

    def test_no_network_is_one_sentence_with_a_way_out(
        self, opened: list[str], capfd: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(UserError, match="could not be downloaded: check the network") as caught:
            FILES.download()
        assert "\n" not in str(caught.value)
        assert capfd.readouterr() == ("", "")
        assert len(opened) >= 1

    def test_a_damaged_file_is_fetched_again_and_stays_until_then(self, opened: list[str], empty_data: Path) -> None:
        raw = put_raw_files(empty_data)
        with pytest.raises(UserError):
            FILES.download()
        assert opened
        assert all((raw / name).exists() for name in RAW_FILES)

    def test_torchvision_is_left_as_it_was(self, opened: list[str]) -> None:
        before = import_datasets().utils.tqdm, socket.getdefaulttimeout()
        with pytest.raises(UserError):
            FILES.download()
        assert (import_datasets().utils.tqdm, socket.getdefaulttimeout()) == before

    def test_a_callback_can_end_it(self, empty_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        class Endless:
            length = 11_594_722
            url = None

            def __enter__(self) -> "Endless":
                return self

            def __exit__(self, *_: object) -> None:
                pass

            def read(self, size: int) -> bytes:
                return b"\0" * size

        fractions: list[float] = []

        def stop_at_once(fraction: float) -> None:
            fractions.append(fraction)
            raise Cancelled

        monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: Endless())
        with pytest.raises(Cancelled):
            FILES.download(stop_at_once)
        assert len(fractions) == 1
        assert 0 < fractions[0] < 0.1
