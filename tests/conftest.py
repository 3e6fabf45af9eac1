"""Fixtures that several test folders share. Sizes are pairwise different, so that no mix-up of axes can hide."""

from pathlib import Path

import pytest
import torch
from hypothesis import settings

from models import vae
from models.vae import VAEConfig
from tests.patience import stolen_time
from training.checkpoints import write_safetensors
from training.config import TrainConfig
from training.data import Dataset, Digits, load_dataset
from training.folders import data_folder
from training.mnist_files import mnist_on_disk

torch.set_num_threads(1)
settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

PROJECT_DATA = data_folder()
SMALL = VAEConfig(z=5, hidden=(11, 13), pixels=16)
DIGIT_SIZED = VAEConfig(z=5, hidden=(11, 13), pixels=784)


@pytest.fixture(scope="session")
def _nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("no-data")


@pytest.fixture
def quiet_machine() -> None:
    """For tests that look at the clock: skipped where others take this test's time."""
    if (stolen := stolen_time()) > 0.1:
        pytest.skip(f"others took {stolen:.0%} of the last second: too busy a machine to time anything")


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
    if not mnist_on_disk():
        pytest.skip("the full MNIST is not in data/: get it with `python -m training download`")
    return load_dataset("mnist")


@pytest.fixture
def small() -> VAEConfig:
    """A VAE of 16 pixels, 5 latent dimensions, hidden layers of 11 and 13."""
    return SMALL


@pytest.fixture(scope="session")
def fake_digits() -> Dataset:
    """97 training and 20 held-out images of 16 random grey pixels, every class twice among the held-out."""
    noise = torch.Generator().manual_seed(0)

    def digits(count: int) -> Digits:
        images = torch.randint(0, 256, (count, SMALL.pixels), generator=noise, dtype=torch.uint8)
        return Digits(images, torch.arange(count) % 10)

    return Dataset("mnist-sample", train=digits(97), test=digits(20))


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
