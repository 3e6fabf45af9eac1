from pathlib import Path
from typing import Any

import pytest

from training.release import readme
from training.release.cards import Card, read_card
from training.release.readme import tables, write_tables
from training.system.errors import UserError
from training.system.folders import PRETRAINED, PROJECT, pretrained_names
from training.system.number_format import signed


def test_the_readme_has_the_cards_numbers() -> None:
    """When this fails: python -m training readme."""
    assert tables() in (PROJECT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", pretrained_names())
def test_every_shipped_model_is_in_it(name: str) -> None:
    card = read_card(PRETRAINED / name)
    text = tables()
    for numbers in card.sets.values():
        assert f"{signed(numbers.nelbo)} |" in text
    if card.accuracy is not None:
        assert f"{card.accuracy:.2%}" in text


def test_a_file_is_written_once_and_keeps_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n")
    assert write_tables(file)
    text = file.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    problem_1 = "| student report, problem 1, homework set | 102.23 | 18.98 | 83.25 |  |  |  |  | as published |"
    problem_3 = "problem 3, homework set | 101.51 | 19.45 | 82.06 | 101.44 | 98.55 | 97.42 | 96.81 | as published |"
    assert problem_1 in text
    assert problem_3 in text
    assert "| reference solution, homework set | 98.58 ± 0.46 | 17.82 ± 0.18 | 80.77 ± 0.51 |" in text
    assert not write_tables(file)


@pytest.mark.parametrize("content", [None, "no marks", readme.BEGIN, readme.BEGIN * 2 + readme.END])
def test_a_file_without_the_marks_is_one_sentence(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "README.md"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UserError, match="needs the two marks"):
        write_tables(file)
    assert file.exists() == (content is not None)


def _made(card: Card, **changes: Any) -> Card:
    return Card(**{**vars(card), **changes})


def test_accuracies_stand_beside_the_published_ones_and_the_sweep_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    vae = read_card(PRETRAINED / "vae")
    sizes = vae.training["model"]
    numbers = {key: type(value)(**{**vars(value), "kl_y": 2.25, "kl_z": 21.5}) for key, value in vae.sets.items()}

    def labels(gen_weight: float) -> dict[str, Any]:
        return {"model": sizes | {"gen_weight": gen_weight, "labelled": 100}}

    cards = {
        "vae": vae,
        "beta-16": _made(vae, family="beta-vae", training={"model": sizes | {"beta": 16.0}}),
        "beta-0.5": _made(vae, family="beta-vae", training={"model": sizes | {"beta": 0.5}}),
        "ssvae": _made(vae, family="ssvae", sets=numbers, accuracy=0.94321, training=labels(1.0)),
        "ssvae-supervised": _made(vae, family="ssvae", sets=numbers, accuracy=0.75, training=labels(0.0)),
    }
    monkeypatch.setattr(readme, "pretrained_names", lambda: list(cards))
    monkeypatch.setattr(readme, "read_card", lambda folder: cards[folder.name])
    lines = tables().splitlines()
    assert not any(line.startswith("| SVHN") for line in lines)
    (semi,) = [line for line in lines if line.startswith("| 100 labels and all 60,000 digits, unlabelled |")]
    assert semi.endswith("| 94.32% (the best of five seeds) | 93.8% | 93.5% ± 1.1% over trainings |")
    assert "| 100 labels alone | 75.00% (the best of five seeds) | 73.4% | 73.5% |" in lines
    assert any(
        line.startswith("| `pretrained/ssvae`, full test set | ") and " | 2.25 | 21.50 | " in line for line in lines
    )
    betas = [line.split(" | ")[0] for line in lines[-3:]]
    assert betas == ["| 0.5", "| 1", "| 16"]


def test_models_of_svhn_have_a_table_of_their_own_with_blanks_for_what_was_not_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vae = read_card(PRETRAINED / "vae")
    apart = {"content_accuracy": None, "style_leak": 0.2345, "style_leak_linear": 0.19, "style_kept": 0.9}
    model = vae.training["model"] | {"variance": 0.25}
    fsvae = _made(vae, sets={"svhn": vae.sets["test"]}, steps=54321, disentanglement=apart, training={"model": model})
    monkeypatch.setattr(readme, "pretrained_names", lambda: ["fsvae"])
    monkeypatch.setattr(readme, "read_card", lambda folder: fsvae)
    last = tables().splitlines()[-1]
    assert last.startswith("| `pretrained/fsvae` | 54,321 | 0.25 | 99.48 | ")
    assert last.endswith(" | not measured | 23.4% | 19.0% | 0.900 |")


def test_a_training_without_a_part_of_its_objective_stands_below_the_shipped_one() -> None:
    (alone,) = [line for line in tables().splitlines() if "the ELBO alone (not shipped)" in line]
    assert " | 0.05 | " in alone
    assert alone.endswith(" | 46.5% | not measured | 19.1% | 0.983 |")


def test_a_best_of_several_says_so() -> None:
    (accuracy,) = [line for line in tables().splitlines() if "unlabelled | 94.06%" in line]
    assert "94.06% (the best of five seeds)" in accuracy
