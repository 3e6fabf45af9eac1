"""Fixtures that several test folders share. Sizes are pairwise different, so that no mix-up of axes can hide."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

from tests.shape_checks import check_annotations

check_annotations()  # before models/ is imported

from models import fsvae, vae
from models.fsvae import FSVAEConfig
from models.vae import VAEConfig
from tests.patience import stolen_time
from training.checkpoints.reading import write_safetensors
from training.data import mnist
from training.data.data_set import SPLITS
from training.data.datasets import Dataset, Images, load_dataset
from training.runs.config import TrainConfig
from training.system.folders import data_folder

torch.set_num_threads(1)
settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

PROJECT_DATA = data_folder()
SMALL = VAEConfig(z=5, hidden=(11, 13), pixels=16)
DIGIT_SIZED = VAEConfig(z=5, hidden=(11, 13), pixels=784)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"quiet_machine", "machine_at_hand"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.clock)


@pytest.fixture(autouse=True)
def _every_float_counts() -> None:
    """Undo what an earlier test's `prepare_thread` did to this thread: hypothesis wants subnormal numbers."""
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def _nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("no-data")


@pytest.fixture
def quiet_machine() -> None:
    """For tests that look at the clock: skipped where others take this test's time."""
    if (stolen := stolen_time()) > 0.1:
        pytest.skip(f"others took {stolen:.0%} of the last second: too busy a machine to time anything")


@pytest.fixture
def machine_at_hand() -> None:
    """For tests that watch a training live: skipped where others take most of the machine, and it would starve."""
    if (stolen := stolen_time()) > 0.5:
        pytest.skip(f"others took {stolen:.0%} of the last second: a training would hardly move here")


@pytest.fixture
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runs folder of this test alone; it does not exist yet."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("ELBO_LAB_RUNS", str(folder))
    return folder


@pytest.fixture
def no_mnist(_nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder without the full MNIST: only the embedded sample is there."""
    monkeypatch.setenv("ELBO_LAB_DATA", str(_nowhere))
    return _nowhere


@pytest.fixture
def full_mnist(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The full MNIST of the project's data folder; tests that need it are skipped where it is not there."""
    monkeypatch.setenv("ELBO_LAB_DATA", str(PROJECT_DATA))
    if not mnist.DATA.on_disk():
        pytest.skip("the full MNIST is not in data/: get it with `python -m training download`")
    return load_dataset("mnist")


@pytest.fixture
def small() -> VAEConfig:
    """A VAE of 16 pixels, 5 latent dimensions, hidden layers of 11 and 13."""
    return SMALL


@pytest.fixture(scope="session")
def fake_digits() -> Dataset:
    """97 training and 20 held-out images of 16 random grey pixels, every class twice among the held-out.

    Ten more are the labelled ones.
    """
    noise = torch.Generator().manual_seed(0)

    def digits(count: int) -> Images:
        images = torch.randint(0, 256, (count, SMALL.pixels), generator=noise, dtype=torch.uint8)
        return Images(images, torch.arange(count) % 10)

    return Dataset("mnist-sample", {"train": digits(97), "test": digits(20), "labelled": digits(10)}.__getitem__)


@pytest.fixture(scope="session")
def fake_svhn() -> Dataset:
    """23 training and 17 held-out images of 32 x 32 random colours, digits 0..9 in turn."""
    noise = torch.Generator().manual_seed(0)

    def digits(count: int) -> Images:
        images = torch.randint(0, 256, (count, 3072), generator=noise, dtype=torch.uint8)
        return Images(images, torch.arange(count) % 10)

    return Dataset("svhn", {"train": digits(23), "test": digits(17)}.__getitem__)


@pytest.fixture
def svhn_folder(fake_svhn: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that holds the images of `fake_svhn` as .npz files."""
    folder = tmp_path / "data"
    (folder / "SVHN").mkdir(parents=True)
    for split in SPLITS:
        digits = fake_svhn.read(split)
        images = digits.images.view(-1, 3, 32, 32).permute(0, 2, 3, 1).numpy()
        np.savez(folder / "SVHN" / f"{split}.npz", images=images, labels=digits.labels.numpy())
    monkeypatch.setenv("ELBO_LAB_DATA", str(folder))
    return folder


@pytest.fixture
def svhn_file(tmp_path: Path) -> Path:
    """Untrained weights of a narrow FSVAE, seed 0, as a .safetensors file."""
    config = FSVAEConfig(z=5, hidden=(11, 13))
    state = fsvae.FAMILY.fresh(config, seed=0).state_dict()
    write_safetensors(tmp_path / "svhn.safetensors", state, family="fsvae", config=config, step=23)
    return tmp_path / "svhn.safetensors"


def _write(path: Path, config: VAEConfig) -> Path:
    state = vae.FAMILY.fresh(config, seed=0).state_dict()
    write_safetensors(path, state, family="vae", config=config, step=19)
    return path


@pytest.fixture
def small_file(tmp_path: Path) -> Path:
    """Untrained weights of the small VAE, seed 0, as a .safetensors file."""
    return _write(tmp_path / "small.safetensors", SMALL)


@pytest.fixture
def digit_file(tmp_path: Path) -> Path:
    """Untrained weights of a narrow VAE on 784 pixels, seed 0, as a .safetensors file."""
    return _write(tmp_path / "digits.safetensors", DIGIT_SIZED)


@pytest.fixture
def brief() -> TrainConfig:
    """60 steps of a narrow VAE on the embedded sample, 7 images each: under a second."""
    return TrainConfig.from_preset("vae", model=DIGIT_SIZED, data="mnist-sample", steps=60, batch_size=7, device="cpu")
