"""A page's address: every setting of its view by its name, and nothing of another page.

The key of a widget is the name of its page and its own: `page_key("seed")` is "samples-seed" on Samples, in the session
as in the address, so that no page takes over another one's choice. Streamlit keeps bound widgets and the address equal;
here is what a page does when it is entered: a link shows what it names and nothing else, the menu the view that was
left, Back and Forward what stood there.
"""

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qs, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from training.checkpoints.model_ref import run_called

if TYPE_CHECKING:
    from streamlit.source_util import PageInfo

__all__ = [
    "RUN_ELSEWHERE",
    "absent",
    "clean_address",
    "enter",
    "forget_absent",
    "in_lesson",
    "link",
    "mend_link",
    "page_key",
    "page_name",
    "page_script",
    "page_title",
    "remember",
    "show_view",
]

PAGE = "page"
RUN_ELSEWHERE = "a run belongs to its server and to its visitor, whose share link opens it for others"
LEFT = "addresses-left"
OF_NO_PAGE = ("lesson", "card", "projecting")  # they stay in the address, whatever page is shown
ARRIVING = "arriving-at-a-card"
_PAGES = Path(__file__).parent.parent
_CLEANING = Path(__file__).with_suffix(".html")
MODELS = ("shipped ", "run ", "upload ")


def page_key(name: str) -> str:
    """The key of a widget of the page that is shown: in the session, and in the address if it is bound."""
    page = st.session_state.get(PAGE)
    return name if page is None else f"{page}-{name}"


def page_name() -> str:
    """The name of the page that is shown, such as "samples"; "" before any was entered."""
    return str(st.session_state.get(PAGE, ""))


def link(page: str, **settings: str) -> dict[str, str]:
    """The part of a link to a page ("samples") that names settings of its view: `st.page_link`'s `query_params`."""
    return {f"{page}-{name}": value for name, value in settings.items()}


def _name_of(script: Path) -> str:
    """A page's name, in keys and addresses; a script's leading "_" leaves the plain name to a folder."""
    return script.stem.lstrip("_")


def page_script(name: str) -> str | None:
    """The script of the page with a name, such as "pages/samples.py"; None where there is no such page."""
    found = _registered(name)
    return None if found is None else f"pages/{Path(found['script_path']).relative_to(_PAGES).as_posix()}"


def page_title(name: str) -> str:
    """What the menu calls a page; its name, where there is no such page."""
    found = _registered(name)
    return name if found is None else found.get("page_name", name)


def _registered(name: str) -> "PageInfo | None":
    context = get_script_run_ctx()
    pages = {} if context is None else context.pages_manager.get_pages()
    return next((page for page in pages.values() if _name_of(Path(page["script_path"])) == name), None)


def show_view(page: str, address: Mapping[str, Iterable[str]]) -> NoReturn:
    """Show a page at an address; the page may be the one that is shown, with its widgets in it."""
    context = get_script_run_ctx()
    if context is not None:
        with context.session_state.query_params() as params:
            for key in {*params, *address}:
                if (bound := params.get_binding_for_param(key)) is not None:
                    params.unbind_widget(bound.widget_id)
    st.switch_page(page, query_params=address)


def _default(key: str) -> object | None:
    """What a widget that the address holds begins with; None where it has none, or is not known."""
    context = get_script_run_ctx()
    state = context.session_state._state if context is not None else None
    about = None if state is None else state.get_widget_metadata(state._key_id_mapper.get_id_from_key(key, "") or "")
    return about.deserializer(None) if about is not None and about.bind == "query-params" else None


def in_lesson() -> None:
    """A card of a lesson is about to be shown: its page is entered anew, and the address says all of its view."""
    st.session_state.pop(PAGE, None)
    st.session_state[ARRIVING] = True


def enter(page: str) -> bool:
    """Say which page is shown, as a page without settings does; whether another one was before it."""
    name = _name_of(Path(page))
    entered = bool(st.session_state.get(PAGE) != name)
    st.session_state[PAGE] = name
    _drop_other_pages(name)
    return entered


def mend_link(page: str, run_fields: Collection[str] = (), /, **checks: Callable[[str], bool]) -> None:
    """Enter a page: open it at what its address asks for, without those parts that are junk.

    Junk is empty texts and numbers without end, which Streamlit's own reading trips over, and texts that fail their
    check. Names without their page, as in older links, are understood, and so is a run by its id or an older label.
    Call it before the page's widgets.

    Arguments:
        page: the page's own file, such as "pages/samples.py".
        run_fields: names of the fields that may hold a run without the word before it, such as "vae-7 (z 2)".
        checks: by the name of a text field, whether a text makes sense there; not asked of what somebody types later.
    """
    state, name, context = st.session_state, _name_of(Path(page)), get_script_run_ctx()
    entered = enter(page)
    kept = {key: st.query_params.get_all(key) for key in OF_NO_PAGE if key in st.query_params}
    asked = {key: st.query_params.get_all(key) for key in st.query_params if key not in kept}
    arriving = state.pop(ARRIVING, False)
    if entered:
        by_history = context is not None and context.is_history_navigation
        left = state.get(LEFT, {}).get(name, "")
        if left and not (asked or by_history or arriving):
            st.switch_page(page, query_params={**kept, **parse_qs(left)})
        if asked or by_history or arriving:
            for key in [str(key) for key in state if str(key).startswith(f"{name}-")]:
                start = _default(key)
                del state[key]  # the address says it all
                if arriving and key not in asked and start is not None:
                    state[key] = start  # the browser may show the page already, and keeps what it shows
    unseen = {page_key(field): check for field, check in checks.items() if page_key(field) not in state}

    def is_sound(key: str, value: str) -> bool:
        return bool(value) and not _endless(value) and (key not in unseen or unseen[key](value))

    own = {key if key.startswith(f"{name}-") else page_key(key): values for key, values in asked.items()}
    runs = set(map(page_key, run_fields))
    sound = {
        key: [_as_now(value, bare=key in runs) for value in values if is_sound(key, value)]
        for key, values in own.items()
    }
    if sound != asked:
        st.switch_page(page, query_params=kept | {key: values for key, values in sound.items() if values})
    remember()


def _drop_other_pages(name: str) -> None:
    """Take the settings of the page before out of the address: the browser still sends them with the way to this one.

    Silently: the browser has taken them out itself, and a message would make one entry more in its history.
    """
    context, others = get_script_run_ctx(), tuple(f"{page}-" for page in st.session_state.get(LEFT, {}) if page != name)
    if context is None:
        return
    with context.session_state.query_params() as params:
        for key in [key for key in params if key.startswith(others)]:
            params.discard_param_no_forward_msg(key)
    asked = parse_qs(context.query_string, keep_blank_values=True)
    context.query_string = urlencode({k: v for k, v in asked.items() if not k.startswith(others)}, doseq=True)


def remember() -> None:
    """Keep the address of the page that is shown, for the menu's way back to it.

    And let Streamlit forget which widgets it belongs to, until the next run: else it would take them out of
    the address before the next page shows, and the browser's history had an entry for a view that nobody saw.
    """
    context, name = get_script_run_ctx(), st.session_state.get(PAGE)
    if context is None or name is None:
        return
    with context.session_state.query_params() as params:
        for binding in [found for key in params if (found := params.get_binding_for_param(key)) is not None]:
            params.unbind_widget(binding.widget_id)
    own = {key: values for key, values in parse_qs(context.query_string).items() if key.startswith(f"{name}-")}
    st.session_state.setdefault(LEFT, {})[name] = urlencode(own, doseq=True)


def clean_address() -> None:
    """Take the settings of other pages out of the browser's address, once this page is entered."""
    own = st.session_state.get(PAGE)
    scripts = [*_PAGES.glob("*.py"), *_PAGES.glob("theory/*.py"), *_PAGES.glob("teaching/*.py")]
    names = sorted({_name_of(file) for file in scripts if file.stem != "__init__"})
    others = [f"{name}-" for name in names if name != own]
    st.html(_CLEANING.read_text("utf-8").replace("OTHERS", json.dumps(others)), unsafe_allow_javascript=True)


def absent(name: str, labels: Iterable[str]) -> list[str]:
    """Models that the address asked for under a name, and that are not among those to choose from.

    They are kept until `forget_absent`, since Streamlit drops them from the address. Call it before the widget.
    """
    key = page_key(f"{name}-absent")
    if page_key(name) not in st.session_state:
        asked, there = st.query_params.get_all(page_key(name)), set(labels)
        st.session_state[key] = [label for label in asked if label.startswith(MODELS) and label not in there]
    lacking: list[str] = st.session_state.get(key, [])
    return lacking


def forget_absent(name: str) -> None:
    """Somebody chose: what the link asked for is past."""
    st.session_state.pop(page_key(f"{name}-absent"), None)


def _as_now(text: str, *, bare: bool) -> str:
    """A run's label as it is now, without the word "run" if the text may leave it out; any other text as it is."""
    if bare and (run := run_called(f"run {text}")) is not None:
        return run.label.removeprefix("run ")
    return text if (run := run_called(text)) is None else run.label


def _endless(text: str) -> bool:
    try:
        return not math.isfinite(float(text))
    except ValueError:
        return False  # not a number: the widget decides
