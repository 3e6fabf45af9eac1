"""A cluster of two machines, which are processes here; left out where Ray is not installed."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.patience import until
from training.checkpoints.reading import load_checkpoint
from training.cluster import connection
from training.cluster.connection import cluster
from training.evaluation.evaluate import measure
from training.lab.launch import Launcher
from training.lab.queue import workers
from training.runs.config import TrainConfig
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.errors import Cancelled, UserError
from training.system.folders import PRETRAINED
from training.system.jobs import Jobs


@pytest.fixture(scope="module")
def machines() -> Iterator[Any]:
    """A cluster with a head that computes nothing and two machines of one core, and $ELBO_LAB_CLUSTER set to it."""
    utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed")
    ray = pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        made = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        made.more = [made.add_node(num_cpus=1), made.add_node(num_cpus=1)]
        patch.setenv("RAY_ADDRESS", made.address)
        try:
            yield made
        finally:
            ray.shutdown()
            made.shutdown()


@pytest.fixture
def connected(machines: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ELBO_LAB_CLUSTER", "auto")
    return machines


def test_bounds_over_two_machines_are_those_of_one_core_to_the_last_digit(
    connected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint, heard = load_checkpoint(PRETRAINED / "gmvae"), list[float]()
    there = measure(checkpoint, ["test-1000"], (1, 5), passes=3, on_progress=lambda name, done: heard.append(done))
    monkeypatch.delenv("ELBO_LAB_CLUSTER")
    here = measure(checkpoint, ["test-1000"], (1, 5), passes=3)
    assert there == here
    assert torch.equal(there["test-1000"].niwae_each[5], here["test-1000"].niwae_each[5])
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1)


def test_measuring_there_ends_when_asked_to(connected: Any) -> None:
    checkpoint, asked = load_checkpoint(PRETRAINED / "vae"), list[None]()

    def should_stop() -> bool:
        asked.append(None)
        return len(asked) > 3

    with pytest.raises(Cancelled):
        measure(checkpoint, ["test-1000"], (1000,), should_stop=should_stop)


def refuse(number: int) -> int:
    raise UserError(f"{number} is not welcome.")


def fail(number: int) -> int:
    return 1 // number


def test_the_works_own_error_comes_back(connected: Any) -> None:
    there = cluster()
    assert there is not None
    with pytest.raises(UserError, match=r"^7 is not welcome\.$"):
        list(there.map(refuse, [7], lambda: None))
    with pytest.raises(ZeroDivisionError):
        list(there.map(fail, [0], lambda: None))


def test_a_sweep_of_six_survives_a_machine_that_dies(
    connected: Any, runs_folder: Path, brief: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All end with the weights of a run on one machine, bit for bit."""
    assert workers() == 2
    monkeypatch.setenv("ELBO_LAB_WORKERS", "6")  # Ray places them
    configs = [brief.model_copy(update={"steps": 900 + 10 * seed, "seed": seed}) for seed in range(6)]
    jobs = Jobs()
    ids = Launcher(jobs).train(*configs, sweep="seed: 0-5")
    runs = [Run.named(run_id) for run_id in ids]
    until(lambda: sum(run.status().step > 0 and run.status().state == "running" for run in runs) == 2)
    connected.remove_node(connected.more[1], allow_graceful=False)
    until(lambda: any(run.status().state == "interrupted" for run in runs))
    until(lambda: all(run.status().state == "finished" for run in runs))
    until(lambda: not jobs.active("training"))
    for run, config in zip(runs, configs, strict=True):
        train_into(RunWriter(runs_folder / f"alone-{run.id}", config))
        alone = load_checkpoint(runs_folder / f"alone-{run.id}").state
        assert all(torch.equal(value, alone[name]) for name, value in load_checkpoint(run.path).state.items())


def test_without_the_variable_nothing_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ELBO_LAB_CLUSTER", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert cluster() is None


def test_a_missing_ray_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELBO_LAB_CLUSTER", "auto")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"Ray is not installed: pip install -r requirements-cluster\.txt"):
        cluster()


@pytest.mark.parametrize("address", ["yes", "ray://", "ray://host", "ray://host:x", "http://host:1", "auto "])
def test_what_is_no_address_is_one_sentence(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELBO_LAB_CLUSTER", address)
    with pytest.raises(UserError, match="should be auto or ray://host:port"):
        cluster()


@pytest.mark.parametrize("share", ["-1", "2", "all", "nan"])
def test_a_share_of_a_gpu_is_a_number(share: str, connected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELBO_LAB_CLUSTER_GPUS", share)
    there = cluster()
    assert there is not None
    with pytest.raises(UserError, match="ELBO_LAB_CLUSTER_GPUS should be the part of a GPU"):
        there.start(print)


def test_where_nobody_answers_it_is_one_sentence_and_no_long_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        """Of Ray, which tries for minutes."""

        @staticmethod
        def is_initialized() -> bool:
            return False

        @staticmethod
        def init(*_: Any, **__: Any) -> None:
            time.sleep(2)
            raise ConnectionError

    monkeypatch.setenv("ELBO_LAB_CLUSTER", "auto")
    monkeypatch.setitem(sys.modules, "ray", Silent)
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(connection, "_attempt", None)
    for _ in range(2):
        with pytest.raises(UserError, match=r"^The Ray cluster at 'auto' does not answer \(TimeoutError\): .*unset"):
            cluster()
