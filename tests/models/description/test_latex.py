import pytest

from models.description import latex


@pytest.mark.parametrize(
    ("terms", "written"),
    [
        ([(1.0, "a"), (1.0, "b")], r"a \;+\; b"),
        ([(1.0, "a"), (4.0, "b")], r"a \;+\; 4\cdot b"),
        ([(1.0, "a"), (-0.25, "b"), (10.0, "c")], r"a \;-\; 0.25\cdot b \;+\; 10\cdot c"),
        ([(0.0, "a"), (100.0, "b")], r"100\cdot b"),
        ([(2.5e-7, "a")], r"2.5\cdot 10^{-7}\cdot a"),
        ([(0.0, "a")], "0"),
    ],
)
def test_a_loss_is_a_sum_with_its_weights(terms: list[tuple[float, str]], written: str) -> None:
    assert latex.loss(*terms) == r"\text{loss} \;=\; " + written


def test_a_changed_kl_weight_stands_in_the_loss_where_the_kl_is_a_term_of_its_own() -> None:
    before = latex.loss((1, latex.REC_IN_SHORT), (1, latex.KL_IN_SHORT))
    assert latex.with_kl_weight(before, 1, 4.0) == latex.loss((1, latex.REC_IN_SHORT), (4.0, latex.KL_IN_SHORT))
    assert latex.with_kl_weight(latex.with_kl_weight(before, 1, 4.0), 4.0, 1.0) == before
    assert latex.with_kl_weight("a NELBO", 1, 4.0) == "a NELBO"
