from pathlib import Path

from training.checkpoints.records import facts_in, record_in


def test_what_a_model_learned_from_is_what_its_card_or_config_says(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"data": "svhn"}')
    assert facts_in(tmp_path) == {"data": "svhn"}
    (tmp_path / "card.json").write_text('{"data": "mnist", "steps": 3}')
    assert facts_in(tmp_path) == {"data": "mnist"}
    assert record_in(tmp_path) == {"data": "mnist", "steps": 3}
    (tmp_path / "card.json").write_text("[]")
    assert facts_in(tmp_path) == {"data": "svhn"}
    assert facts_in(tmp_path / "missing") == {}
