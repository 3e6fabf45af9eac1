import pytest
from streamlit.testing.v1 import AppTest

from pages.choose.guess import answer_among

GUESSES = {"few": 5, "some": 50, "many": 1000}


@pytest.mark.parametrize(("found", "right"), [(0, "few"), (5, "few"), (6, "some"), (50, "some"), (1000, "many")])
def test_the_right_answer_is_the_first_that_reaches_as_far(found: int, right: str) -> None:
    assert answer_among(GUESSES, found) == right


def asking() -> None:
    from pages.choose.guess import guess_first, show_answer

    guess = guess_first("how many?", {"few": 5, "some": 50}, hides="the curve")
    if guess is not None:
        show_answer(guess, "some", "it is 7.")


def test_nothing_shows_before_the_guess_and_then_how_it_did() -> None:
    app = AppTest.from_function(asking).run()
    assert [part.value for part in app.info] == ["Make your guess, and the curve will show."]
    assert not app.markdown
    app.segmented_control(key="guess").set_value("some").run()
    assert not app.info
    assert [part.value for part in app.markdown] == ["**You guessed it: it is 7.**"]
    app.segmented_control(key="guess").set_value("few").run()
    assert [part.value for part in app.markdown] == ["**You guessed few: it is 7.**"]
