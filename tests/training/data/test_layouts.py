"""MNIST as people have it: every layout is found and used with its digests checked, or named with what to do."""

import gzip
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import pytest
import torch

from training.data.datasets import load_dataset
from training.data.idx_files import _HEADERS, SIZES
from training.data.mnist import DATA, FILES
from training.data.registry import best_data_set
from training.data.svhn import svhn_on_disk, svhn_problem
from training.system.errors import UserError

TRAIN_IMAGES = "train-images-idx3-ubyte"


def put(path: Path, name: str) -> None:
    """A made-up file of MNIST's: its header, then zeros that take no room on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(_HEADERS[name])
        file.truncate(SIZES[name])


def put_gzipped(path: Path, name: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(_HEADERS[name] + bytes(SIZES[name] - len(_HEADERS[name])), 1))


def put_inside(file: Path, content: bytes) -> None:
    """In the file's place a folder of its name, with a file of its name."""
    file.unlink()
    file.mkdir()
    (file / file.name).write_bytes(content)


def dotted(name: str) -> str:
    return name.replace("-idx", ".idx")


def each(write: Callable[[Path, str], None], where: Callable[[str], str]) -> Callable[[Path], None]:
    """Writes the four files, each where `where` says."""

    def write_all(data: Path) -> None:
        for name in SIZES:
            write(data / where(name), name)

    return write_all


def legacy(folder: str, value: int = 0) -> Callable[[Path], None]:
    """What torchvision kept until 2020."""

    def write(data: Path) -> None:
        (data / folder).mkdir(parents=True)
        for name, count in {"training.pt": 60_000, "test.pt": 10_000}.items():
            images = torch.full((count, 28, 28), value, dtype=torch.uint8)
            torch.save((images, torch.zeros(count, dtype=torch.int64)), data / folder / name)

    return write


LAYOUTS = {
    "as torchvision has it": each(put, lambda name: f"MNIST/raw/{name}"),
    "one level too high": each(put, lambda name: f"MNIST/{name}"),
    "two levels too high": each(put, lambda name: name),
    "a data folder that is MNIST itself": each(put, lambda name: f"raw/{name}"),
    "a folder in small letters": each(put, lambda name: f"mnist/{name}"),
    "names with dots": each(put, lambda name: f"MNIST/raw/{dotted(name)}"),
    "archives alone": each(put_gzipped, lambda name: f"MNIST/raw/{name}.gz"),
    "archives with dots, one level too high": each(put_gzipped, lambda name: f"MNIST/{dotted(name)}.gz"),
    "archives under unpacked names": each(put_gzipped, lambda name: f"MNIST/raw/{name}"),
    "a folder of the file's name": each(put, lambda name: f"MNIST/raw/{name}/{name}"),
    "a folder of the file's name, with dots in it": each(put, lambda name: f"{name}/{dotted(name)}"),
    "an old torchvision's": legacy("MNIST/processed"),
    "an old torchvision's, and a data folder that is MNIST itself": legacy("processed"),
}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, the digests of the made-up files, and no network."""

    def refuse(*_: object, **__: object) -> None:
        raise URLError("no network")

    for name in SIZES:
        digest = hashlib.sha256(_HEADERS[name] + bytes(SIZES[name] - len(_HEADERS[name]))).hexdigest()
        monkeypatch.setitem(FILES.digests, name, digest)  # type: ignore[arg-type]
    FILES._judged.clear()
    monkeypatch.setenv("ELBO_LAB_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr("training.data.datasets._loaded", {})
    return tmp_path / "data"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_found_read_and_not_fetched_again(data: Path, layout: str) -> None:
    assert not DATA.on_disk()
    LAYOUTS[layout](data)
    assert DATA.on_disk()
    assert DATA.problem() == ""
    assert best_data_set() is DATA
    loaded = load_dataset("mnist")
    assert (loaded.train.images.shape, loaded.test.images.shape) == ((60_000, 784), (10_000, 784))
    assert int(loaded.train.images.sum() + loaded.test.labels.sum()) == 0
    fractions: list[float] = []
    FILES.download(fractions.append)
    assert fractions == [1.0]
    shutil.rmtree(data)
    assert not DATA.on_disk()


def test_each_file_may_lie_another_way(data: Path) -> None:
    first, second, third, fourth = SIZES
    put(data / "MNIST" / "raw" / first, first)
    put_gzipped(data / "MNIST" / f"{second}.gz", second)
    put(data / dotted(third), third)
    put(data / "raw" / fourth / fourth, fourth)
    assert DATA.on_disk()


def test_a_damaged_file_gives_way_to_a_whole_one(data: Path) -> None:
    LAYOUTS["archives alone"](data)
    (data / "MNIST" / "raw" / TRAIN_IMAGES).write_bytes(b"half of it")
    assert DATA.on_disk()
    assert DATA.problem() == ""


@pytest.mark.parametrize(
    ("value", "whose"), [(73, "mean grey value 0.286, as of Fashion-MNIST"), (44, "0.173, as of EMNIST"), (255, "")]
)
def test_another_data_set_in_its_place_is_noticed_and_named(data: Path, value: int, whose: str) -> None:
    LAYOUTS["as torchvision has it"](data)
    file = data / "MNIST" / "raw" / TRAIN_IMAGES
    file.write_bytes(_HEADERS[TRAIN_IMAGES] + bytes([value]) * (SIZES[TRAIN_IMAGES] - 16))
    assert not DATA.on_disk()
    assert DATA.problem().startswith(f"{file} is not MNIST's official file")
    assert whose in DATA.problem()
    assert ("as of" in DATA.problem()) == bool(whose)
    assert DATA.problem().endswith("move it away or delete it, and run `python -m training download`.")
    assert best_data_set().name == "mnist-sample"


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda file: file.write_bytes(b"\x1f\x8b half"), "cannot be read"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "is damaged or not MNIST's file"),
        (lambda file: put_inside(file, b"something else"), "is damaged or not MNIST's file"),
    ],
    ids=["a damaged archive", "too short", "another file in a folder of its name"],
)
def test_what_cannot_be_used_is_named(data: Path, spoil: Callable[[Path], object], fault: str) -> None:
    LAYOUTS["as torchvision has it"](data)
    spoil(data / "MNIST" / "raw" / TRAIN_IMAGES)
    assert not DATA.on_disk()
    assert TRAIN_IMAGES in DATA.problem()
    assert fault in DATA.problem()
    with pytest.raises(UserError, match="move it away or delete it, and run `python -m training download`"):
        load_dataset("mnist")


@pytest.mark.parametrize("value", [9, None], ids=["other images", "no tensors"])
def test_an_old_torchvisions_files_with_something_else_in_them_are_named(data: Path, value: int | None) -> None:
    if value is None:
        (data / "MNIST" / "processed").mkdir(parents=True)
        for name in ("training.pt", "test.pt"):
            (data / "MNIST" / "processed" / name).write_bytes(b"no tensors")
    else:
        legacy("MNIST/processed", value)(data)
    assert not DATA.on_disk()
    assert "training.pt" in DATA.problem()


class TestDownload:
    """With files in the way: it fetches what is missing, or says why not; it never claims to be done."""

    @pytest.mark.parametrize("where", ["MNIST/processed", "processed"])
    def test_an_old_torchvisions_wrong_files_do_not_keep_it_from_fetching(self, data: Path, where: str) -> None:
        legacy(where, 9)(data)
        fractions: list[float] = []
        with pytest.raises(UserError, match="MNIST could not be downloaded: check the network"):
            FILES.download(fractions.append)
        assert 1.0 not in fractions

    def test_a_folder_in_a_files_place_is_named(self, data: Path) -> None:
        (data / "MNIST" / "raw" / TRAIN_IMAGES).mkdir(parents=True)
        with pytest.raises(UserError, match=f"{TRAIN_IMAGES} is a folder, where a file has to go: move it away"):
            FILES.download()

    def test_what_arrives_and_is_wrong_is_said(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fetch(self: object, name: str, datasets: object) -> None:
            put(FILES.raw / name, name)
            (FILES.raw / name).write_bytes(b"something else")

        monkeypatch.setattr(type(FILES), "_fetch", fetch)
        with pytest.raises(UserError, match="is damaged or not MNIST's file: move it away or delete it"):
            FILES.download()

    def test_only_what_is_missing_is_fetched(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        LAYOUTS["names with dots"](data)
        (data / "MNIST" / "raw" / dotted(TRAIN_IMAGES)).unlink()
        fetched: list[str] = []

        def fetch(self: object, name: str, datasets: object) -> None:
            fetched.append(name)
            put(FILES.raw / name, name)

        monkeypatch.setattr(type(FILES), "_fetch", fetch)
        FILES.download()
        assert fetched == [TRAIN_IMAGES]
        assert DATA.on_disk()


class TestSvhn:
    @pytest.mark.parametrize("where", ["SVHN", "svhn", "elsewhere/SVHN"])
    def test_it_is_found_in_its_folder_or_in_a_data_folder_that_is_svhn_itself(
        self, svhn_folder: Path, where: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert svhn_on_disk()
        if where != "SVHN":
            (svhn_folder / where).parent.mkdir(exist_ok=True)
            (svhn_folder / "SVHN").rename(svhn_folder / where)
        if where == "elsewhere/SVHN":
            assert not svhn_on_disk()
            monkeypatch.setenv("ELBO_LAB_DATA", str(svhn_folder / where))
        assert svhn_on_disk()
        assert svhn_problem() == ""

    def test_half_of_it_is_named(self, svhn_folder: Path) -> None:
        (svhn_folder / "SVHN" / "test.npz").unlink()
        assert "run `python -m training download svhn`" in svhn_problem()
