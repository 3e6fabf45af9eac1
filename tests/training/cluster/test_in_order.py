import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.patience import until
from training.cluster.in_order import map_in_order, own_cores
from training.system.errors import Cancelled


@dataclass(frozen=True)
class Number:
    value: int

    @property
    def work(self) -> int:
        return self.value


NUMBERS = [Number(value) for value in (5, 3, 8, 1, 9, 2, 7)]


def square(number: Number, advance: Callable[[int], None]) -> tuple[int, str]:
    for _ in range(number.work):
        advance(1)
    return number.value**2, threading.current_thread().name


@pytest.mark.parametrize("cores", [1, 2, 3, 20])
def test_results_come_in_order_and_all_work_is_counted(cores: int) -> None:
    heard: list[int] = []
    found = list(map_in_order(square, NUMBERS, heard.append, cores=cores))
    assert [value for value, _ in found] == [25, 9, 64, 1, 81, 4, 49]
    assert sum(heard) == 35
    assert ({name for _, name in found} == {threading.current_thread().name}) == (cores == 1)


def test_one_item_needs_no_thread() -> None:
    assert [name for _, name in map_in_order(square, NUMBERS[:1], lambda amount: None, cores=4)] == [
        threading.current_thread().name
    ]


@pytest.mark.parametrize("cores", [1, 2])
def test_an_error_of_the_listener_ends_everything(cores: int) -> None:
    heard: list[int] = []

    def listen(amount: int) -> None:
        if len(heard) == 11:
            raise Cancelled
        heard.append(amount)

    before = threading.active_count()
    with pytest.raises(Cancelled):
        list(map_in_order(square, NUMBERS, listen, cores=cores))
    assert len(heard) == 11
    until(lambda: threading.active_count() <= before)


def test_who_asks_for_no_more_results_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    results = map_in_order(square, NUMBERS * 50, lambda amount: None, cores=2)
    assert next(results)[0] == 25
    results.close()  # type: ignore[attr-defined]
    until(lambda: threading.active_count() <= before)


def test_there_is_at_least_one_core() -> None:
    assert own_cores() >= 1
