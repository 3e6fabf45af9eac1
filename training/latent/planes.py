"""Planes through latent space: two numbers stand for a latent."""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.latent.encoding import principal_directions

__all__ = ["REACH", "Plane", "plane_of_dimensions", "plane_of_directions", "plane_through"]

REACH = 3.0  # how far a plane is shown from its centre, to each side
FARTHEST = 2.0  # where the farthest of three points comes to lie


@dataclass(frozen=True)
class Plane:
    """The latents center + u * across + v * up: (z,) each, `across` and `up` at a right angle.

    With one latent dimension the plane is a line: `up` is zero.
    """

    center: Tensor
    across: Tensor
    up: Tensor

    def at(self, u: float, v: float) -> Tensor:
        """The latent (z,) at a point of the plane."""
        return self.center + u * self.across + v * self.up

    def place(self, points: Tensor) -> Tensor:
        """The point of the plane nearest to each latent: (n, z) -> (n, 2)."""
        axes = torch.stack([self.across, self.up])
        return (points - self.center) @ (axes / axes.square().sum(1, keepdim=True).clamp_min(1e-12)).T


def plane_of_dimensions(mean: Tensor, variance: Tensor, across: int, up: int) -> Plane:
    """The plane of two latent dimensions, all others at their mean; a unit is a dimension's standard deviation.

    Arguments:
        mean, variance: of each dimension, (z,), such as those of the prior.
    """
    axes = torch.diag(variance.sqrt())
    return Plane(mean, axes[across], axes[up])


def plane_of_directions(points: Tensor) -> Plane:
    """The plane of the two principal directions of points (n, z); a unit is a standard deviation along each."""
    directions, spread = principal_directions(points)
    across, up = directions * spread.clamp_min(1e-6).unsqueeze(1)  # a collapsed code still has a plane
    return Plane(points.mean(0), across, up)


def plane_through(points: Tensor) -> Plane:
    """The plane through three latents (3, z), in true proportions, the farthest two units from the centre.

    Where they lie on one line, or are one point, any plane through them.
    """
    directions, _ = principal_directions(points)
    plane = Plane(points.mean(0), directions[0], directions[1])
    farthest = float(plane.place(points).norm(dim=1).max())
    scale = farthest / FARTHEST if farthest > 0 else 1.0
    return Plane(plane.center, scale * plane.across, scale * plane.up)
