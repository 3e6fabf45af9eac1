from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from models import fsvae
from models.fsvae import FSVAEConfig
from pages.compare.comparing import NOTHING_YET
from pages.compare.comparison_views import Compared, difference_of, number_rows, sentences
from training.checkpoints.reading import load_checkpoint, write_safetensors
from training.evaluation.bounds import SetReport


def compared(folder: Path, title: str, variance: float, nelbo: float) -> Compared:
    """Untrained weights whose NELBO on two images is given."""
    config = FSVAEConfig(z=5, hidden=(11, 13), variance=variance)
    file = folder / f"{title}.safetensors"
    state = fsvae.FAMILY.fresh(config, seed=0).state_dict()
    write_safetensors(file, state, family="fsvae", config=config, step=3, data="svhn")
    each = torch.tensor([nelbo - 1, nelbo + 1], dtype=torch.float64)
    report = SetReport(2, nelbo, 0.1, {"kl": 3.0, "rec": nelbo - 3}, {}, {}, {}, {}, nelbo_each=each)
    ref: Any = SimpleNamespace(title=title)
    return Compared(ref, title, "#000000", load_checkpoint(file), NOTHING_YET._replace(reports={"svhn-1000": report}))


def test_no_difference_is_shown_between_models_of_other_variances(tmp_path: Path) -> None:
    """Neither in the table, nor in its file, nor in a sentence that ranks them; a sentence says why."""
    one, alike = compared(tmp_path, "one", 0.1, -580.0), compared(tmp_path, "alike", 0.1, -590.0)
    other = compared(tmp_path, "other", 0.05, -1630.0)
    found = difference_of(alike, one, "svhn-1000")
    assert found is not None
    assert found.mean == -10
    assert difference_of(other, one, "svhn-1000") is None
    rows = number_rows([one, alike, other], one)["svhn-1000"]
    assert [row["nelbo_difference"] for row in rows] == [None, -10, None]
    (ranked, why) = sentences([one, alike, other], one)
    assert ranked.startswith("alike: NELBO 10.00 nats lower (better) than one")
    assert why.startswith("NELBOs and bounds of other and one are not compared: their likelihoods differ")
