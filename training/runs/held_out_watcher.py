"""A look at a model in training that leaves the training untouched: held-out terms, samples, reconstructions."""

import torch

from models.contract import Batch, Conditional, Model, density_of, role
from training.data.datasets import Dataset
from training.data.pixel_draws import as_seen
from training.latent.encoding import encode
from training.pictures.styles import prior_latents
from training.runs.config import TrainConfig
from training.runs.events import Health, Measured, Pictures
from training.system.device import peak_megabytes

__all__ = ["Watcher"]

HELD_OUT_IMAGES = 1000
GRID_IMAGES = 200
RECONSTRUCTED_IMAGES = 8
MAPPED_IMAGES = 100


class Watcher:
    """Measures the same held-out images and draws the same noise at every call."""

    def __init__(self, model: Model, dataset: Dataset, config: TrainConfig) -> None:
        self.model, self.seed = model, config.seed
        self.device = torch.device(config.device)
        fixed = torch.Generator().manual_seed(config.seed)
        self.images = as_seen(dataset.test.images[:HELD_OUT_IMAGES], dataset.binary, fixed).to(self.device)
        self.digits = dataset.test.labels[:HELD_OUT_IMAGES].to(self.device)
        classes = range(len(dataset.about.classes))
        first_of_class = [int((dataset.test.labels == label).int().argmax()) for label in classes]
        shown = first_of_class[:RECONSTRUCTED_IMAGES]
        self.originals = dataset.test.images[shown].to(self.device).float() / 255
        self.shown_digits = dataset.test.labels[shown].to(self.device)
        noise = torch.Generator(self.device).manual_seed(config.seed)
        if (conditional := role(model, Conditional)) is not None:
            self.latents = prior_latents(conditional, GRID_IMAGES, generator=noise)
        else:
            self.latents = model.sample_prior(GRID_IMAGES, generator=noise)

    @torch.inference_mode()
    def held_out(self, step: int, seconds: float, *, interim: bool = False) -> Measured:
        """The terms on the held-out images, with the same noise at every call."""
        noise = torch.Generator(self.device).manual_seed(self.seed)
        means = density_of(self.model, self.digits).elbo_terms(self.images, generator=noise).means()
        terms = {name: float(mean) for name, mean in means.items()}
        terms |= self.model.diagnose(Batch.without_labels(self.images, self.digits))
        return Measured(step, seconds, "held-out", terms, interim)

    @torch.inference_mode()
    def health(self, step: int, seconds: float, gradient_norm: float | None) -> Health:
        """What the latent dimensions carry on the held-out images, and where some of them lie."""
        codes = encode(self.model, self.images, self.digits, seed=self.seed)
        return Health(
            step,
            seconds,
            kl_per_dimension=codes.dimension_kl.tolist(),
            means=codes.mean[:MAPPED_IMAGES, :2].tolist(),
            labels=self.digits[:MAPPED_IMAGES].tolist(),
            active_units=int(codes.active.sum()),
            gradient_norm=gradient_norm,
            megabytes=peak_megabytes(),
        )

    @torch.inference_mode()
    def pictures(self, step: int) -> Pictures:
        """Samples of the fixed noise, and the fixed images with their reconstructions."""
        return Pictures(
            step,
            samples=self.model.decode_mean(self.latents).cpu(),
            originals=self.originals.cpu(),
            reconstructions=density_of(self.model, self.shown_digits).reconstruct(self.originals).cpu(),
        )
