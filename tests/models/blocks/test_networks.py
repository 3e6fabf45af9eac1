import pytest
import torch
from torch import nn

from models.blocks.networks import MLP


def test_parameters_carry_the_homeworks_names_and_shapes() -> None:
    shapes = {name: tuple(value.shape) for name, value in MLP((16, 11, 13, 10)).state_dict().items()}
    assert shapes == {
        "net.0.weight": (11, 16),
        "net.0.bias": (11,),
        "net.2.weight": (13, 11),
        "net.2.bias": (13,),
        "net.4.weight": (10, 13),
        "net.4.bias": (10,),
    }


@pytest.mark.parametrize("activation", [nn.ELU, nn.ReLU])
def test_the_activation_stands_between_layers_and_not_after_the_last(activation: type[nn.Module]) -> None:
    mlp = MLP((16, 11, 13, 10), activation)
    first, second, last = (mlp.net[index] for index in (0, 2, 4))
    x, act = torch.randn(7, 16), activation()
    expected = last(act(second(act(first(x)))))
    assert torch.equal(mlp(x), expected)
    assert (expected < 0).any()


def test_weights_are_torchs_default_initialisation() -> None:
    torch.manual_seed(3)
    mlp = MLP((16, 11, 13))
    torch.manual_seed(3)
    first, second = nn.Linear(16, 11), nn.Linear(11, 13)
    assert torch.equal(mlp.get_parameter("net.0.weight"), first.weight)
    assert torch.equal(mlp.get_parameter("net.2.bias"), second.bias)
