"""Every test of training has folders of its own: none writes into the project's, none reads the full data unasked."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_folders(runs_folder: Path, no_mnist: Path) -> None:
    pass
