import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.lab.sweep import MOST_RUNS, sweep, values_in
from training.runs.config import TrainConfig
from training.system.errors import UserError


def configs(text: str, preset: str = "beta-4") -> list[TrainConfig]:
    return sweep(preset, text, {"steps": 7, "data": "mnist-sample", "model": {"z": 3}})


def test_every_combination_is_a_run_and_the_last_field_varies_fastest() -> None:
    found = configs("KL weight, β: 0.5, 1, 4; seed: 0-2")
    assert [(config.model.model_dump()["beta"], config.seed) for config in found] == [
        (beta, seed) for beta in (0.5, 1.0, 4.0) for seed in (0, 1, 2)
    ]
    assert all((config.steps, config.model.model_dump()["z"]) == (7, 3) for config in found)


def test_a_field_is_known_by_its_name_or_its_title() -> None:
    for name in ("learning_rate", "Learning rate", " LEARNING RATE "):
        assert [config.learning_rate for config in configs(f"{name}: 0.001, 3e-3")] == [0.001, 0.003]


def test_values_are_numbers_with_commas_or_ranges() -> None:
    assert values_in("0-4") == ["0", "1", "2", "3", "4"]
    assert values_in(" 0.5, 1 , 2-4, 1") == ["0.5", "1", "2", "3", "4"]
    assert values_in("3e-3") == ["3e-3"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sed: 1", "names none of"),
        ("seed", "names none of"),
        ("seed:", "needs values"),
        ("seed: 4-0", "goes up"),
        ("seed: 0-1000", "goes up"),
        ("seed: 0-60; z: 2-9", "That would be 488 runs"),
        ("seed: many", "seed"),
        ("beta: -1", "beta"),
        ("hidden: 1", "names none of"),
    ],
)
def test_what_cannot_be_is_one_sentence(text: str, why: str) -> None:
    with pytest.raises(UserError, match=why) as caught:
        configs(text)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_runs_or_one_sentence(text: str) -> None:
    try:
        found = configs(text)
    except UserError:
        return
    assert 1 <= len(found) <= MOST_RUNS
