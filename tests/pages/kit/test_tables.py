from streamlit.testing.v1 import AppTest


def showing() -> None:
    from pages.kit.tables import table

    table(["", "why", "much"], [["a", "so", "1"], ["b", "thus", "2"]], words=2)


def test_words_stand_to_the_left_and_numbers_to_the_right() -> None:
    app = AppTest.from_function(showing).run()
    opened, *lines, closed = app.markdown[0].value.splitlines()
    assert 'tabindex="0"' in opened  # it can be scrolled by key
    assert closed == "</div>"
    assert list(filter(None, lines)) == [
        "|  | why | much |",
        "| :-- | :-- | --: |",
        "| a | so | 1 |",
        "| b | thus | 2 |",
    ]


def with_bars() -> None:
    from pages.kit.tables import table

    table(["", "q(z|x)"], [["log q(z|x)", "1"], ["escaped \\| already", "2"]])


def test_a_bar_within_a_cell_is_no_border() -> None:
    (shown,) = AppTest.from_function(with_bars).run().markdown
    assert "| log q(z\\|x) | 1 |" in shown.value
    assert "| escaped \\| already | 2 |" in shown.value
