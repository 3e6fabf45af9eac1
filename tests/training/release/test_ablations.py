from pathlib import Path

import pytest

from models.registry import PRESETS
from training.release import ablations
from training.release.ablations import read_ablations
from training.release.cards import read_card
from training.system.errors import UserError
from training.system.folders import PRETRAINED


def test_what_is_left_out_are_settings_of_the_preset_and_every_score_is_there() -> None:
    for entry in read_ablations():
        model = PRESETS[entry.preset].model
        assert all(getattr(model, name) != value for name, value in entry.left_out.items())
        assert entry.z == model.z
        held = read_card(PRETRAINED / entry.preset).disentanglement
        assert held is not None
        assert entry.variance == model.free_numbers()["x_v"]
        later = {"content_ceiling", "style_leak", "style_leak_se", "chance"}  # measured since; its weights are gone
        assert set(held) - set(entry.disentanglement) <= later
        assert entry.disentanglement["nelbo"] == pytest.approx(
            entry.disentanglement["kl"] + entry.disentanglement["rec"], abs=1e-3
        )


def test_the_elbo_alone_draws_as_well_and_does_not_listen_to_the_digit() -> None:
    alone = next(entry for entry in read_ablations() if entry.preset == "fsvae-conv").disentanglement
    shipped = read_card(PRETRAINED / "fsvae-conv").disentanglement
    assert shipped is not None
    assert alone["nelbo"] == pytest.approx(shipped["nelbo"], abs=3)
    assert alone["content_accuracy"] < 0.5
    assert float(shipped["content_accuracy"] or 0) > 0.9


@pytest.mark.parametrize("content", ["", "[1]", '[{"preset": "vae"}]'])
def test_a_file_that_cannot_be_read_is_one_sentence(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablations, "ABLATIONS", tmp_path / "ablations.json")
    (tmp_path / "ablations.json").write_text(content)
    with pytest.raises(UserError, match="cannot be read"):
        read_ablations()
