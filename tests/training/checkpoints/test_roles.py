import subprocess
import sys
from typing import get_args

import pytest

from models import contract
from models.registry import FAMILIES
from training.checkpoints.roles import Role, playing
from training.system.folders import PROJECT

NAMED = """
import sys
from training.checkpoints.roles import playing
assert playing("Mixture")
assert "torch" not in sys.modules
"""


@pytest.mark.parametrize("role", get_args(Role))
def test_the_class_statements_say_what_the_classes_say(role: Role) -> None:
    plays = {name for name, family in FAMILIES.items() if family.plays(getattr(contract, role))}
    assert plays
    assert set(playing(role)) == plays
    assert plays < FAMILIES.keys()


def test_roles_are_known_without_torch() -> None:
    done = subprocess.run([sys.executable, "-c", NAMED], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
