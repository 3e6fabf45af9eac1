import threading
from concurrent.futures import wait

import pytest

from tests.patience import PATIENCE
from training.system.lanes import Lane


def test_results_and_errors_come_through_the_future() -> None:
    lane = Lane("counting")
    assert lane.submit(divmod, 17, 5).result(PATIENCE) == (3, 2)
    assert isinstance(lane.submit(int, "seven").exception(PATIENCE), ValueError)
    assert lane.submit(int, "7").result(PATIENCE) == 7  # goes on after an error


def test_first_come_first_served_and_what_is_cancelled_is_left_out() -> None:
    lane, gate, log = Lane("counting"), threading.Event(), list[int]()
    lane.submit(gate.wait, PATIENCE)
    waiting = [lane.submit(log.append, number) for number in range(20)]
    assert waiting[7].cancel()
    gate.set()
    assert not wait(waiting, PATIENCE).not_done
    assert log == [number for number in range(20) if number != 7]


@pytest.mark.parametrize("rounds", [1, 3])
def test_a_lane_without_work_has_no_thread(rounds: int) -> None:
    lane = Lane("resting")
    for _ in range(rounds):
        lane.submit(int).result(PATIENCE)
    deadline = threading.Event()
    for _ in range(200):
        if not any(thread.name == "lane-resting" for thread in threading.enumerate()):
            return
        deadline.wait(0.05)
    raise AssertionError("its thread is still there")
