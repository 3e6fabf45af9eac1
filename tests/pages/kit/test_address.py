"""A page's address is its view: of this page alone, whatever was chosen on others, and old links still open it."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.kit.address import link
from tests.patience import PATIENCE
from training.system.folders import PROJECT


def fresh() -> AppTest:
    return AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)


def opened(app: AppTest, page: str, **asked: str) -> AppTest:
    """A page by a link, or by the menu if nothing is asked for."""
    app.query_params.clear()
    app.query_params.update(asked)
    found = app.switch_page(f"pages/{page}.py").run()
    assert not found.exception
    return found


def seed(page: AppTest, name: str) -> float | None:
    return page.number_input(key=f"{name}-seed").value


WITH_SEEDS = ("samples", "mixture", "bounds", "labels", "clinic")
WITH_GUESSES = {
    "mixture": "fewer than 50",
    "bounds": "1 to 5",
    "labels": "below 60",
    "beta": "0.5",
}


@pytest.mark.parametrize("page", WITH_SEEDS)
def test_a_choice_stays_on_its_page_and_is_there_when_one_comes_back(app: AppTest, page: str) -> None:
    opened(app, page)
    app.number_input(key=f"{page}-seed").set_value(7).run()
    others = [name for name in WITH_SEEDS if name != page]
    for other in others:
        assert seed(opened(app, other), other) == 0
        assert not [key for key in app.query_params if "seed" in key]
    assert seed(opened(app, page), page) == 7


@pytest.mark.parametrize("page", WITH_GUESSES)
def test_a_guess_gives_no_answer_away_on_another_page(app: AppTest, page: str) -> None:
    opened(app, page, **link(page, guess=WITH_GUESSES[page]))
    assert not [info for info in app.info if "Make your guess" in info.value]
    for other in WITH_GUESSES:
        if other != page:
            found = opened(app, other)
            assert [info for info in found.info if "Make your guess" in info.value], other
            assert found.button_group(key=f"{other}-guess").value is None


@pytest.mark.parametrize("page", WITH_SEEDS)
@pytest.mark.usefixtures("app")
def test_an_older_link_without_its_pages_name_opens_the_same_view(page: str) -> None:
    app = opened(fresh(), page, seed="7")
    assert seed(app, page) == 7
    assert app.query_params == {f"{page}-seed": "7"}


def test_a_link_shows_what_it_names_and_nothing_that_was_left(app: AppTest) -> None:
    opened(app, "samples", **link("samples", seed="7", kind="Binary"))
    opened(app, "bounds")
    page = opened(app, "samples", **link("samples", temperature="0.5"))
    assert page.slider(key="samples-temperature").value == 0.5
    assert (seed(page, "samples"), page.button_group(key="samples-kind").value) == (0, "means")


def test_the_menu_leads_back_to_the_address_that_was_left(app: AppTest) -> None:
    opened(app, "samples", **link("samples", seed="7", kind="Binary"))
    opened(app, "bounds", **link("bounds", models="shipped gmvae"))
    page = opened(app, "samples")
    assert (seed(page, "samples"), page.button_group(key="samples-kind").value) == (7, "binary")
    assert page.query_params == {"samples-seed": "7", "samples-kind": "Binary"}
    again = opened(app, "bounds")
    assert again.multiselect(key="bounds-models").value == ["shipped gmvae"]


def test_picked_models_survive_a_walk_through_the_pages(app: AppTest) -> None:
    opened(app, "bounds")
    app.multiselect(key="bounds-models").set_value(["shipped beta-4"]).run()
    opened(app, "clinic")
    assert app.multiselect(key="clinic-models").value == ["shipped vae", "shipped gmvae"]
    for other in ("samples", "mixture", "beta"):
        opened(app, other)
    assert opened(app, "bounds").multiselect(key="bounds-models").value == ["shipped beta-4"]


@pytest.mark.parametrize(
    ("page", "name"), [("samples", "checkpoint"), ("clinic", "models"), ("bounds", "models"), ("train", "run")]
)
@pytest.mark.usefixtures("app")
def test_what_a_link_names_and_is_not_here_is_one_sentence(page: str, name: str) -> None:
    asked = "vae-20260101-000000" if name == "run" else "run vae-20260101-000000"
    app = opened(fresh(), page, **link(page, **{name: asked}))
    (said,) = [part.value for part in app.caption if "The link asks for" in part.value]
    assert "vae-20260101-000000" in said
    assert "belongs to its server and to its visitor" in said
