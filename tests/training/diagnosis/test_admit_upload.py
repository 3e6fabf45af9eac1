"""A stranger's file comes in: read in quarantine, decoded once outside of it; nothing is left of one that is none."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from models import vae
from models.vae import VAEConfig
from training.checkpoints.quarantine import Quarantine
from training.checkpoints.reading import load_checkpoint
from training.diagnosis import admit_upload as admission
from training.diagnosis import findings
from training.diagnosis.admit_upload import admit
from training.diagnosis.findings import diagnose

CONFIG = VAEConfig(z=5, hidden=(11, 13), pixels=784)


@pytest.fixture(scope="module")
def quarantine() -> Iterator[Quarantine]:
    one = Quarantine()
    yield one
    one.close()


def state() -> dict[str, Tensor]:
    return vae.FAMILY.fresh(CONFIG, seed=0).state_dict()


def saved(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def test_a_model_comes_in_as_its_file_would_be_loaded(tmp_path: Path, quarantine: Quarantine) -> None:
    came = admit(saved(state()), "mine", tmp_path, quarantine)
    assert came.checkpoint is not None
    loaded = load_checkpoint(tmp_path / "mine.safetensors")
    for fact in ("name", "file", "sha256", "family", "config", "data", "ignored", "step"):
        assert getattr(came.checkpoint, fact) == getattr(loaded, fact), fact
    assert all(torch.equal(came.checkpoint.state[name], value) for name, value in loaded.state.items())
    assert came.sentence == ""
    assert came.diagnosis == diagnose(state(), "mine")
    assert [file.name for file in tmp_path.iterdir()] == ["mine.safetensors"]


def test_a_file_is_decoded_once_and_understood_once(
    tmp_path: Path, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def counting(name: str, whole: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any) -> Any:
            seen.append(name)
            return whole(*given)

        return counted

    monkeypatch.setattr(admission, "read_tensors", counting("decoded", admission.read_tensors))
    monkeypatch.setattr(findings, "understand", counting("understood", findings.understand))
    assert admit(saved(state()), "mine", tmp_path, quarantine).checkpoint is not None
    assert seen == ["decoded", "understood"]


def test_a_file_that_is_no_model_is_diagnosed_and_not_kept(tmp_path: Path, quarantine: Quarantine) -> None:
    damaged = state() | {"enc.net.4.weight": torch.zeros(5, 13)}
    came = admit(saved(damaged), "mine", tmp_path, quarantine)
    assert came.checkpoint is None
    assert came.diagnosis == diagnose(damaged, "mine")
    assert came.sentence.startswith("mine ")
    assert list(tmp_path.iterdir()) == []


def test_what_holds_no_tensors_is_one_sentence(tmp_path: Path, quarantine: Quarantine) -> None:
    for content in (b"", b"junk", saved({"steps": 7})):
        came = admit(content, "mine", tmp_path, quarantine)
        assert (came.checkpoint, came.diagnosis) == (None, None)
        assert came.sentence.startswith("mine ")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_a_sentence(tmp_path: Path, quarantine: Quarantine) -> None:
    came = admit(saved(state()), "mine", tmp_path / "gone", quarantine)
    assert came.checkpoint is None
    assert came.sentence
