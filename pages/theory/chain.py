"""A derivation on a page: its lines open one at a time, each after its gap is filled."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from pages.kit import glossary
from pages.kit.address import link, page_key
from pages.kit.code import code_below
from pages.kit.formulas import coloured
from pages.kit.guard import section
from pages.theory.chapter import Chapter, Line, filled, open_gap
from pages.theory.numbers_drawing import drawing
from training.system.number_format import signed
from training.theory.measured import Numbers

__all__ = ["chain"]

LETTERS = "abcd"  # a formula alone would leave a choice without a name
ANSWERS = "derivations"  # in the session: by page, by line, whether each answer so far was right


def chain(chapter: Chapter, family: str, numbers: Numbers, places: Mapping[str, str]) -> None:
    """Draw the lines of a chapter as far as they are open.

    Arguments:
        family: whose methods the lines' code is.
        numbers: what every line shows, by name.
        places: what the settings of a line's link may name in braces.
    """
    st.fragment(partial(_lines, chapter, family, numbers, places), key="chain")()


@section("derivation")
def _lines(chapter: Chapter, family: str, numbers: Numbers, places: Mapping[str, str]) -> None:
    answers = _answers()
    everything = st.toggle(
        "All lines",
        key=page_key("all"),
        bind="query-params",
        help="Open every line without its question.",
    )
    for number, line in enumerate(chapter.line, 1):
        is_open = everything or any(answers.get(line.name, ()))
        with st.container(key=f"line-{number}", border=True):
            if is_open:
                _open_line(number, line, family, chapter.labels, numbers)
                _where_to_play(line, places)
            else:
                _gap(number, line)
        if not is_open:
            break
    _progress(chapter, everything)


def _answers() -> dict[str, list[bool]]:
    """The answers given on this page, by line."""
    found: dict[str, list[bool]] = st.session_state.setdefault(ANSWERS, {}).setdefault(page_key("answers"), {})
    return found


def _gap(number: int, line: Line) -> None:
    """The question of a line, and the reason why the last answer was wrong."""
    st.latex(coloured(open_gap(line.formula)))
    key = page_key(f"gap-{line.name}")
    chosen: int | None = st.pills(
        f"**{number}.** {line.asks}",
        range(len(line.choices)),
        format_func=lambda place: f"{LETTERS[place]}\u2002{line.choices[place].text}",
        key=key,
        wrap=True,
        on_change=_mark,
        args=(line, key),
    )
    if chosen is not None:
        st.markdown(f":red[**No.**] {line.choices[chosen].reason}")


def _mark(line: Line, key: str) -> None:
    """Keep the answer that was just given."""
    chosen: int | None = st.session_state[key]
    if chosen is not None:
        _answers().setdefault(line.name, []).append(line.choices[chosen].right)


def _open_line(number: int, line: Line, family: str, labels: dict[str, str], numbers: Numbers) -> None:
    st.latex(coloured(filled(line.formula)))
    code_below(family, *line.code, key=f"line-{number}")
    glossary.markdown(f"**{number}.** {line.right.reason}" + (f"\n\n{line.note}" if line.note else ""))
    st.html(drawing(line, labels, numbers))


def _where_to_play(line: Line, places: Mapping[str, str]) -> None:
    """A link to the page where the line can be played with, with this digit and these weights if it takes them."""
    settings = link(line.play.page, **{name: value.format(**places) for name, value in line.play.settings.items()})
    st.page_link(
        f"pages/{line.play.page}.py", label=line.play.label, icon=":material/arrow_forward:", query_params=settings
    )


def _progress(chapter: Chapter, everything: bool) -> None:
    answers, every = _answers(), len(chapter.line)
    opened = sum(any(given) for given in answers.values())
    first = sum(given[0] for given in answers.values())
    if opened:
        st.progress(opened / every, text=f"{opened} of {every} lines filled in, {signed(first, 'd')} at the first try")
        st.button("Start again", on_click=answers.clear, icon=":material/restart_alt:", type="tertiary")
    elif not everything:
        st.caption(f"{every} lines, each opened by its answer.")
