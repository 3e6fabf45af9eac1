from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import torch

from training.data import svhn
from training.data.datasets import load_dataset
from training.data.svhn import download_svhn, read_svhn, svhn_on_disk
from training.data.torchvision_compat import import_datasets
from training.system.errors import UserError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ELBO_LAB_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "SVHN").mkdir(parents=True)
    return tmp_path / "data" / "SVHN"


def pictures(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def official(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., np.ndarray]:
    """Writes a small file in the official form and takes its size and digest for the official ones."""
    datasets = import_datasets()

    def write(split: Any, count: int, into: Path = folder) -> np.ndarray:
        images = pictures(count)
        labels = (np.arange(count) % 10 + 1).astype(np.uint8)[:, None]  # 1..10: the files' 10 is the digit 0
        file = into / f"{split}_32x32.mat"
        scipy.io.savemat(file, {"X": images.transpose(1, 2, 3, 0), "y": labels}, do_compression=True)
        address, name, _ = datasets.SVHN.split_list[split]
        digest = datasets.utils.calculate_md5(file)
        monkeypatch.setitem(datasets.SVHN.split_list, split, [address, name, digest])
        monkeypatch.setitem(svhn._OFFICIAL_BYTES, split, file.stat().st_size)
        return images

    return write


def channel_by_channel(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images.transpose(0, 3, 1, 2).reshape(len(images), -1))


@pytest.mark.parametrize("zero", [0, 10])
def test_npz_files_are_read_channel_by_channel(folder: Path, zero: int) -> None:
    labels = np.array([3, zero, 9, 1, zero, 2, 7], np.uint8)
    np.savez(folder / "train.npz", images=pictures(7), labels=labels)
    np.savez(folder / "test.npz", images=pictures(5), labels=labels[:5])
    data = load_dataset("svhn")
    assert torch.equal(data.train.images, channel_by_channel(pictures(7)))
    assert data.train.labels.tolist() == [3, 0, 9, 1, 0, 2, 7]
    assert (data.test.images.shape, data.test.images.dtype) == ((5, 3072), torch.uint8)


def test_a_split_is_read_when_it_is_asked_for(folder: Path) -> None:
    np.savez(folder / "train.npz", images=pictures(7), labels=np.arange(6))
    np.savez(folder / "test.npz", images=pictures(5), labels=np.arange(5))
    data = load_dataset("svhn")
    assert len(data.test) == 5
    with pytest.raises(UserError, match="cannot be read as SVHN"):
        _ = data.train


@pytest.mark.parametrize("place", ["SVHN", "."])
def test_official_files_are_read_and_their_label_10_is_the_digit_0(
    folder: Path, official: Callable[..., np.ndarray], place: str
) -> None:
    images = official("test", 11, folder.parent / place)
    x, labels = read_svhn("test")
    assert torch.equal(torch.from_numpy(x), channel_by_channel(images))
    assert labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def test_a_damaged_official_file_is_refused_with_what_to_do(folder: Path, official: Callable[..., np.ndarray]) -> None:
    official("train", 13)
    file = folder / "train_32x32.mat"
    whole = file.read_bytes()
    for damaged in (whole[:-100], whole[:200] + b"\0" * (len(whole) - 200)):
        file.write_bytes(damaged)
        with pytest.raises(UserError, match="damaged or not SVHN's official file: delete it and run"):
            read_svhn("train")


@pytest.mark.parametrize(
    ("images", "labels", "complaint"),
    [
        (pictures(3)[:, :28], np.arange(3), "cannot be read as SVHN"),
        (pictures(3).astype(np.float32), np.arange(3), "cannot be read as SVHN"),
        (pictures(3), np.arange(4), "cannot be read as SVHN"),
        (pictures(3), np.array([1, 2, 11]), "labels that are no digits"),
        (pictures(3), np.array([1, 2, -1]), "labels that are no digits"),
        (pictures(3), np.array([0.5, 2, 1]), "labels that are no digits"),
        (pictures(3), np.array([{}, 1, 2], object), "cannot be read as SVHN"),
    ],
    ids=str,
)
def test_an_npz_that_is_not_svhn_is_refused(
    folder: Path, images: np.ndarray, labels: np.ndarray, complaint: str
) -> None:
    np.savez(folder / "test.npz", images=images, labels=labels)
    with pytest.raises(UserError, match=complaint):
        read_svhn("test")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", b"junk"])
def test_a_damaged_npz_is_refused(folder: Path, content: bytes) -> None:
    (folder / "test.npz").write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as SVHN"):
        read_svhn("test")


def test_without_the_data_one_sentence_says_how_to_get_them(folder: Path) -> None:
    assert not svhn_on_disk()
    with pytest.raises(UserError, match=r"python -m training download svhn.*non-commercial"):
        load_dataset("svhn")


class TestDownload:
    """The network is replaced where torchvision opens an address; everything above that is real."""

    @pytest.fixture
    def served(self, folder: Path, official: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Both official files, at their addresses alone; which were fetched."""
        contents = {}
        for split, count in (("train", 17), ("test", 11)):
            official(split, count)
            file = folder / f"{split}_32x32.mat"
            contents[file.name] = file.read_bytes()
            file.unlink()
        fetched = []

        class Response:
            url: str

            def __init__(self, request: Any, *_: object, **__: object) -> None:
                self.url = request.full_url
                self.content = contents[self.url.rpartition("/")[2]]
                self.length = len(self.content)

            def __enter__(self) -> "Response":
                return self

            def __exit__(self, *_: object) -> None:
                pass

            def read(self, size: int) -> bytes:
                if len(self.content) == self.length:
                    fetched.append(self.url.rpartition("/")[2])
                taken, self.content = self.content[:size], self.content[size:]
                return taken

        monkeypatch.setattr("urllib.request.urlopen", Response)
        return fetched

    def test_fetches_both_files_and_says_how_far_it_is(self, folder: Path, served: list[str]) -> None:
        fractions: list[float] = []
        download_svhn(fractions.append)
        assert served == ["train_32x32.mat", "test_32x32.mat"]
        assert fractions == sorted(fractions)
        assert (fractions[-1], len(fractions) > 2) == (1.0, True)
        data = load_dataset("svhn")
        assert (len(data.train), len(data.test)) == (17, 11)

    def test_keeps_what_is_whole_and_fetches_what_is_damaged(self, folder: Path, served: list[str]) -> None:
        np.savez(folder / "train.npz", images=pictures(7), labels=np.arange(7))
        (folder / "test_32x32.mat").write_bytes(b"damaged")
        download_svhn()
        assert served == ["test_32x32.mat"]
        assert svhn_on_disk()

    def test_a_file_that_arrives_broken_is_one_sentence(
        self, folder: Path, served: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        datasets = import_datasets()
        address, name, _ = datasets.SVHN.split_list["train"]
        monkeypatch.setitem(datasets.SVHN.split_list, "train", [address, name, "0" * 32])
        with pytest.raises(UserError, match="SVHN could not be downloaded: check the network and try again, or put"):
            download_svhn()
