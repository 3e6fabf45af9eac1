"""The sampler behind `make profile`."""

import time

import torch

from models.vae import FAMILY, VAEConfig
from tests.profile_page import PAGES, Place, StackSampler, table


def test_it_finds_the_function_that_takes_the_time() -> None:
    model = FAMILY.fresh(VAEConfig(z=5, hidden=(211, 223), pixels=784), seed=0)
    x = torch.zeros(97, 784)
    with StackSampler() as sampler:
        began = time.perf_counter()
        while sampler.looks < 30 and time.perf_counter() - began < 60:
            model.encode(x)
    forward = Place("models/blocks/networks.py", "forward")
    assert sampler.total[forward] >= sampler.own[forward] > sampler.looks / 3
    assert sampler.libraries[forward].most_common(1)[0][0] == "torch"
    assert sampler.total[Place("models/blocks/bernoulli.py", "encode")] >= sampler.total[forward]
    functions = list(table("encode", 1.0, sampler, rows=1).columns[0].cells)
    assert functions == ["models/blocks/networks.py: forward"]


def test_every_page_can_be_profiled() -> None:
    assert {"home", "samples", "train"} <= set(PAGES)
    assert not any(page.startswith("_") for page in PAGES)
