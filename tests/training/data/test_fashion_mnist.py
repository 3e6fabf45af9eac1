"""Fashion-MNIST from files of its format: nobody needs the real ones for these tests."""

import gzip
import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.data.datasets import load_dataset
from training.data.fashion_mnist import DATA, FILES
from training.data.idx_files import SIZES
from training.data.registry import at_hand
from training.data.torchvision_compat import import_datasets
from training.system.errors import UserError

COUNTS = {"train": 60_000, "t10k": 10_000}


def idx_file(name: str) -> bytes:
    """Random pixels or labels in turn, under the header of an IDX file."""
    prefix, what = name.split("-")[:2]
    count = COUNTS[prefix]
    noise = np.random.default_rng(len(name))
    numbers = [0x803, count, 28, 28] if what == "images" else [0x801, count]
    header = b"".join(number.to_bytes(4, "big") for number in numbers)
    body = noise.integers(0, 256, count * 784, np.uint8) if what == "images" else np.arange(count, dtype=np.uint8) % 10
    return header + body.tobytes()


def put_fashion_mnist(data: Path) -> Path:
    """Write the four files of a made-up Fashion-MNIST into a data folder; the folder they are in."""
    raw = data / "FashionMNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for name in SIZES:
        (raw / name).write_bytes(idx_file(name))
    return raw


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ELBO_LAB_DATA", str(tmp_path / "data"))
    return put_fashion_mnist(tmp_path / "data")


def test_its_files_are_read_in_order(raw: Path) -> None:
    assert DATA.on_disk()
    data = load_dataset("fashion-mnist")
    assert (data.train.images.shape, data.test.images.shape) == ((60_000, 784), (10_000, 784))
    assert data.test.labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    expected = np.frombuffer(idx_file("t10k-images-idx3-ubyte"), np.uint8, offset=16)[:784]
    assert data.test.images[0].numpy().tolist() == expected.tolist()
    assert data.evaluation_set("fashion-1000").shape == (1000, 784)
    assert data.evaluation_set("fashion-1000").unique().tolist() == [0, 1]


def test_its_labelled_images_are_the_first_of_each_class(raw: Path) -> None:
    labelled = load_dataset("fashion-mnist").labelled(30)
    assert labelled.labels.tolist() == [label for label in range(10) for _ in range(3)]


def test_its_sets_are_never_mnists(raw: Path) -> None:
    with pytest.raises(UserError, match="homework set is part of the data set mnist, not of fashion-mnist"):
        load_dataset("fashion-mnist").evaluation_set("homework")
    assert at_hand("fashion-mnist") is DATA  # the embedded sample stands in for MNIST alone


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize(
    "spoil", [lambda content: b"\0" * 8 + content[8:], lambda content: content[:-1] + b"xx"], ids=["header", "size"]
)
def test_a_file_that_is_damaged_or_not_of_this_form_is_refused(raw: Path, name: str, spoil: Any) -> None:
    (raw / name).write_bytes(spoil((raw / name).read_bytes()))
    with pytest.raises(UserError, match="run `python -m training download fashion-mnist`"):
        load_dataset("fashion-mnist")


def test_labels_that_no_class_has_are_refused(raw: Path) -> None:
    labels = raw / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\x0a")
    with pytest.raises(UserError, match="labels above 9"):
        load_dataset("fashion-mnist")


@pytest.mark.full_data
def test_mnist_in_its_place_is_noticed_and_so_is_it_in_mnists(raw: Path, full_mnist: object, tmp_path: Path) -> None:
    from tests.conftest import PROJECT_DATA

    name = "t10k-images-idx3-ubyte"
    official = (PROJECT_DATA / "MNIST" / "raw" / name).read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ELBO_LAB_DATA", str(tmp_path / "data"))
        (raw / name).write_bytes(official)
        with pytest.raises(UserError, match=r"is MNIST's file and not Fashion-MNIST's: move it away or delete it"):
            load_dataset("fashion-mnist")
        put_fashion_mnist(tmp_path / "data")
        (tmp_path / "data" / "MNIST").mkdir()
        (tmp_path / "data" / "FashionMNIST" / "raw").rename(tmp_path / "data" / "MNIST" / "raw")
        with pytest.raises(UserError, match="is not MNIST's official file"):
            load_dataset("mnist")


def test_a_download_checks_every_archive_and_says_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network is replaced where torchvision opens an address; everything above that is real."""
    monkeypatch.setenv("ELBO_LAB_DATA", str(tmp_path / "data"))
    datasets = import_datasets()
    archives = {f"{name}.gz": gzip.compress(idx_file(name), 1) for name in SIZES}
    fetched: list[str] = []

    class Response:
        def __init__(self, request: Any, *_: object, **__: object) -> None:
            self.url = request.full_url
            self.name = self.url.rpartition("/")[2]
            assert "fashion" in self.url
            self.content = io.BytesIO(archives[self.name])
            self.length = len(archives[self.name])
            fetched.append(self.name)

        def __enter__(self) -> "Response":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read(self, size: int) -> bytes:
            return self.content.read(size)

    monkeypatch.setattr("urllib.request.urlopen", Response)
    with pytest.raises(UserError, match="Fashion-MNIST could not be downloaded"):
        FILES.download()  # these are not the official archives
    digests = []
    for name, _ in datasets.FashionMNIST.resources:
        (tmp_path / "archive").write_bytes(archives[name])
        digests.append((name, datasets.utils.calculate_md5(tmp_path / "archive")))
    monkeypatch.setattr(datasets.FashionMNIST, "resources", digests)
    shutil.rmtree(tmp_path / "data")  # with what the refused download may have left
    fetched.clear()
    fractions: list[float] = []
    FILES.download(fractions.append)
    assert sorted(set(fetched)) == sorted(archives)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert DATA.on_disk()
    assert FILES.problem() == ""
