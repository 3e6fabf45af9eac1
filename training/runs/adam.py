"""Adam (Kingma & Ba 2015): the steps of `torch.optim.Adam(parameters, fused=True)`, to the last bit.

That class loads PyTorch's compiler when it is made, which takes as long as PyTorch itself at every start of a training;
the function beneath it does not.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

__all__ = ["Adam"]

BETAS = 0.9, 0.999
EPSILON = 1e-8
MOMENTS = "step", "exp_avg", "exp_avg_sq"  # the names in torch.optim.Adam's state


class Adam:
    """Moves parameters against their gradients, each by its two running moments.

    Arguments:
        parameters: float32, on one device; one that has no gradient stays where it is.

    Attributes:
        learning_rate: of the next step.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], learning_rate: float) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self._state: dict[int, dict[str, Tensor]] = {}

    @torch.no_grad()
    def step(self) -> None:
        """Take a step, and drop the gradients: their memory is in the cache, and the next activations can have it."""
        moved = [(place, each) for place, each in enumerate(self.parameters) if each.grad is not None]
        for place, parameter in moved:
            if place not in self._state:
                zeros = torch.zeros((), dtype=torch.float32, device=parameter.device)
                moments = (torch.zeros_like(parameter) for _ in range(2))
                self._state[place] = dict(zip(MOMENTS, (zeros, *moments), strict=True))
        steps, first, second = ([self._state[place][name] for place, _ in moved] for name in MOMENTS)
        gradients = [each.grad for _, each in moved if each.grad is not None]
        beta1, beta2 = BETAS
        adam(
            [each for _, each in moved],
            gradients,
            first,
            second,
            [],
            steps,
            fused=True,
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=self.learning_rate,
            weight_decay=0.0,
            eps=EPSILON,
            maximize=False,
        )
        for _, parameter in moved:
            parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """The moments by the parameters' places, named as torch.optim.Adam names them; not a copy."""
        return {"state": {place: dict(moments) for place, moments in self._state.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict` of this class or of torch.optim.Adam; its tensors are copied."""
        self._state = {
            place: {name: moments[name].detach().clone().to(self.parameters[place].device) for name in MOMENTS}
            for place, moments in state["state"].items()
        }
