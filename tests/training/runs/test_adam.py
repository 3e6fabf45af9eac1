"""Our Adam takes torch's steps, to the last bit, and either goes on from the other's state."""

import subprocess
import sys
from copy import deepcopy

import pytest
import torch
from torch import nn

from training.runs.adam import Adam
from training.system.folders import PROJECT


def networks() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(3)
    one = nn.Sequential(nn.Linear(7, 5), nn.ELU(), nn.Linear(5, 3))
    return one, deepcopy(one)


def descend(network: nn.Module, seed: int) -> None:
    x = torch.randn(11, 7, generator=torch.Generator().manual_seed(seed))
    network(x).square().mean().backward()


@pytest.mark.parametrize("rate", [1e-3, 0.3])
def test_every_step_is_torchs_to_the_last_bit(rate: float) -> None:
    ours, theirs = networks()
    adam, reference = Adam(ours.parameters(), rate), torch.optim.Adam(theirs.parameters(), lr=rate, fused=True)
    for step in range(30):
        descend(ours, step)
        descend(theirs, step)
        adam.step()
        reference.step()
        reference.zero_grad()
        assert all(parameter.grad is None for parameter in ours.parameters())
        assert all(map(torch.equal, ours.parameters(), theirs.parameters())), step


def test_it_goes_on_from_torchs_state_and_from_its_own() -> None:
    ours, theirs = networks()
    reference = torch.optim.Adam(theirs.parameters(), lr=1e-2, fused=True)
    for step in range(5):
        descend(theirs, step)
        reference.step()
        reference.zero_grad()
    ours.load_state_dict(theirs.state_dict())
    adam = Adam(ours.parameters(), 1e-2)
    adam.load_state_dict(reference.state_dict())
    for step in range(5, 9):
        descend(ours, step)
        descend(theirs, step)
        adam.step()
        reference.step()
        reference.zero_grad()
        kept, adam = adam.state_dict(), Adam(ours.parameters(), 1e-2)
        adam.load_state_dict(kept)
    assert all(map(torch.equal, ours.parameters(), theirs.parameters()))


def test_what_no_loss_reaches_stays_and_has_no_moments() -> None:
    network, _ = networks()
    first, last = network[0], network[2]  # type: ignore[index]
    before = first.weight.detach().clone()
    adam = Adam(network.parameters(), 0.1)
    last(torch.ones(2, 5)).sum().backward()
    adam.step()
    assert torch.equal(first.weight, before)
    assert sorted(adam.state_dict()["state"]) == [2, 3]


def test_a_training_does_not_load_the_compiler() -> None:
    """It would take as long as PyTorch itself."""
    code = (
        "import sys; from training.runs.trainer import train; from training.runs.config import TrainConfig; "
        "from training.data.datasets import load_dataset; "
        "config = TrainConfig.from_preset('vae', model={'z': 2, 'hidden': (3, 5)}, data='mnist-sample', steps=2, "
        "batch_size=7, device='cpu'); [*train(config, load_dataset('mnist-sample'))]; "
        "print('torch._dynamo' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ran.stdout.split()[-1] == "False"
