import pytest

from training.benchmark.profile import StepProfile, step_profile
from training.cli.tables import profile_table
from training.system.errors import UserError

pytestmark = pytest.mark.usefixtures("no_mnist")


@pytest.mark.parametrize("preset", ["vae", "fsvae"])
def test_the_matrix_products_of_a_step_are_among_its_operations(preset: str) -> None:
    found = step_profile(preset, steps=3)
    assert found.preset == preset
    assert found.step_ms > 0
    milliseconds = [each.ms for each in found.operations]
    assert milliseconds == sorted(milliseconds, reverse=True)
    calls = {each.name: each.calls for each in found.operations}
    assert calls["aten::addmm"] == 6  # layers of the encoder and of the decoder
    assert calls["aten::_fused_adam_"] == 1


def test_an_unknown_preset_is_one_sentence() -> None:
    with pytest.raises(UserError, match="choose vae"):
        step_profile("nonsense")


def test_its_table_ends_with_all_others() -> None:
    found = StepProfile("vae", 7.0, step_profile("vae", steps=1).operations)
    table = profile_table(found, rows=5)
    names, *_, shares = (list(column.cells) for column in table.columns)
    assert names[-1] == f"{len(found.operations) - 5} others"
    assert sum(float(str(share).rstrip("%")) for share in shares) == pytest.approx(100, abs=0.5)
