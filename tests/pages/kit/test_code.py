import inspect
import textwrap
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Expander

from models.blocks import distributions
from models.gmvae import GMVAE
from models.registry import FAMILIES
from models.ssvae import SSVAE
from models.vae import VAE
from pages.kit import code
from pages.kit.code import LABEL, excerpts
from training.system.folders import PROJECT

WITH_A_FORMULA = ("home", "samples", "beta", "mixture", "bounds", "exact", "labels", "style", "clinic", "train")


def under_formulas(block: Block) -> Iterator[object]:
    """What stands right below each formula, in the page's order."""
    parts = list(block.children.values())
    for place, part in enumerate(parts):
        if part.type == "latex":
            fragment = parts[place + 1]
            yield fragment.children[0] if isinstance(fragment, Block) else fragment
        if isinstance(part, Block):
            yield from under_formulas(part)


def test_the_pages_opened_here_are_all_that_there_are() -> None:
    assert {path.stem for path in (PROJECT / "pages").glob("[!_]*.py")} == {*WITH_A_FORMULA, "source"}


@pytest.mark.parametrize("page", WITH_A_FORMULA)
def test_below_every_formula_stands_its_code_folded(page: str, app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "excerpts", pytest.fail)  # a closed one looks nothing up
    app.switch_page(f"pages/{page}.py").run()
    if page == "clinic":  # its formula stands there until a model is chosen
        app.multiselect[0].set_value([]).run()
    assert not app.exception
    below = list(under_formulas(app.main))
    assert below
    assert all(isinstance(part, Expander) and part.label == LABEL for part in below)


def test_opened_it_shows_the_lines_as_they_stand_in_their_files(app: AppTest) -> None:
    app.switch_page("pages/bounds.py").run()
    assert not app.code
    app.session_state["code-bound"] = True
    app.run()
    assert not app.exception
    assert [tab.label for tab in app.tabs][:2] == ["log_weights", "log_mean_exp"]
    shown = [part.value for part in app.code]
    assert shown[0] == textwrap.dedent(inspect.getsource(VAE.log_weights)).rstrip()
    assert shown[1] == inspect.getsource(distributions.log_mean_exp).rstrip()
    assert inspect.getsource(distributions.log_normal).rstrip() in shown  # it is called


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", ["elbo_terms", "log_weights", "objective", "sample_prior", "decode_mean"])
def test_an_excerpt_is_what_its_file_holds_at_these_lines(family: str, name: str) -> None:
    for excerpt in excerpts(family, name):
        lines = (PROJECT / excerpt.file).read_text("utf-8").splitlines()
        assert excerpt.file.startswith("models/")
        assert excerpt.source == textwrap.dedent("\n".join(lines[excerpt.first - 1 : excerpt.last]))
        assert f"{excerpt.name}" in excerpt.source


def test_a_family_shows_its_own_method_and_what_its_private_ones_call() -> None:
    own = excerpts("gmvae", "log_prior")[0]
    assert own.source == textwrap.dedent(inspect.getsource(GMVAE.log_prior)).rstrip()
    names = [excerpt.name for excerpt in excerpts("ssvae", "objective")]
    assert names[0] == SSVAE.objective.__name__
    assert {"classify", "kl_normal", "log_bernoulli"} <= set(names)
    assert len(set(names)) == len(names)
