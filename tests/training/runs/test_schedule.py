import pytest

from training.runs.schedule import Schedule


def count(steps: int, name: str) -> int:
    schedule = Schedule(steps)
    return sum(getattr(schedule, name)(step) for step in range(50, steps + 1, 50))


def test_the_homeworks_length_is_looked_at_as_it_always_was() -> None:
    schedule = Schedule(20_000)
    assert [step for step in range(1, 1001) if schedule.measures(step)] == list(range(50, 1001, 50))
    assert [step for step in range(1, 1001) if schedule.looks_at_held_out(step)] == [250, 500, 750, 1000]
    assert [step for step in range(1, 1001) if schedule.draws(step)] == [100, 200, 300, 400, 500, 1000]
    assert [step for step in range(20_001) if schedule.keeps(step)] == list(range(2500, 20_000, 2500))


@pytest.mark.parametrize("steps", [200_000, 200_050, 1_000_000, 10_000_000])
def test_a_long_run_leaves_a_bounded_number_behind(steps: int) -> None:
    assert 2000 <= count(steps, "measures") <= 4001
    assert 400 <= count(steps, "looks_at_held_out") <= 801
    assert 200 <= count(steps, "draws") <= 405
    assert count(steps, "keeps") <= 8


def test_the_last_step_is_always_measured_and_drawn() -> None:
    for steps in (1, 7, 60, 1037):
        schedule = Schedule(steps)
        assert schedule.measures(steps)
        assert schedule.looks_at_held_out(steps)
        assert schedule.draws(steps)
        assert not schedule.keeps(steps)
