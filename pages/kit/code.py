"""The code beside a formula: the lines that compute it, of models/ or training/, read from the source that runs."""

import ast
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple, get_type_hints

import streamlit as st

from pages.kit.address import link
from training.system.folders import PROJECT

__all__ = ["Excerpt", "code_below", "excerpts"]

LABEL = "The code of this formula"


class Excerpt(NamedTuple):
    """A function or class as its file holds it: its source without indentation, its first and last line."""

    name: str
    source: str
    file: str
    first: int
    last: int

    @property
    def place(self) -> str:
        return f"{self.file}, lines {self.first}–{self.last}"


def code_below(family: str, *names: str, key: str) -> None:
    """Folded, the code that computes the formula above; nothing of it is read before it is opened.

    Arguments:
        family: whose model has the methods.
        names: methods of the family's model, such as "elbo_terms", and functions and methods by their module, such as
            "models.blocks.distributions.kl_normal". What they call of models/ is shown after them.
        key: names the formula among those of one page.
    """
    st.fragment(partial(_folded, family, names, key), key=f"fragment-code-{key}")()


def _folded(family: str, names: tuple[str, ...], key: str) -> None:
    fold = st.expander(LABEL, key=f"code-{key}", type="compact", icon=":material/code:", on_change="rerun")
    if not fold.open:
        return
    shown = excerpts(family, *names)
    for tab, excerpt in zip(fold.tabs([excerpt.name for excerpt in shown]), shown, strict=True):
        with tab:
            st.code(excerpt.source)
            st.page_link(
                "pages/source.py",
                label=excerpt.place,
                icon=":material/description:",
                query_params=link("source", file=excerpt.file, lines=f"{excerpt.first}-{excerpt.last}"),
            )


def excerpts(family: str, *names: str) -> list[Excerpt]:
    """The functions of these names, see `code_below`, then what they call of models/, in the order of their calls.

    Private methods and methods of one line count as lines of their callers: what they call is shown too.
    """
    from models.registry import FAMILIES

    owners = _owners(FAMILIES[family].model)
    shown: dict[Any, None] = {}  # in order, each once
    waiting = [_named(owners, name) for name in names]
    shown.update(dict.fromkeys(waiting))
    while waiting:
        called = [other for other in _called_by(waiting.pop(0), owners) if other not in shown]
        shown.update(dict.fromkeys(called))
        waiting += [other for other in called if other.__name__.startswith("_") or _only_delegates(other)]
    return [_excerpt(function) for function in shown]


def _owners(model: type) -> tuple[type, ...]:
    """The classes whose methods compute a model's formulas: its own, and that of its density given a digit."""
    from models.contract import Conditional

    return (model, get_type_hints(model.given)["return"]) if issubclass(model, Conditional) else (model,)


def _method(owners: tuple[type, ...], name: str) -> Any:
    return next((getattr(owner, name) for owner in owners if hasattr(owner, name)), None)


def _named(owners: tuple[type, ...], name: str) -> Callable[..., Any]:
    found = pkgutil.resolve_name(name) if "." in name else _method(owners, name)
    if found is None:
        raise AttributeError(f"{owners[0].__name__} has no {name}")
    function: Callable[..., Any] = inspect.unwrap(found)
    return function


def _called_by(function: Callable[..., Any], owners: tuple[type, ...]) -> Iterator[Any]:
    """Functions and classes of models/ that a function names: its module's, and methods of the model."""
    if not isinstance(function, FunctionType):
        return
    for name in _names_in(function.__code__):
        called = _method(owners, name) or function.__globals__.get(name)
        if isinstance(called, FunctionType | type) and called.__module__.partition(".")[0] == "models":
            yield inspect.unwrap(called)


def _only_delegates(function: Any) -> bool:
    """Whether a method is a single `return`, beside its docstring."""
    if not isinstance(function, FunctionType) or "." not in function.__qualname__:
        return False
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    statements = definition.body[1:] if function.__doc__ else definition.body
    return len(statements) == 1 and isinstance(statements[0], ast.Return)


def _names_in(code: CodeType) -> Iterator[str]:
    """Every name that a function uses, its inner functions' too, in order."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _excerpt(function: Any) -> Excerpt:
    lines, first = inspect.getsourcelines(function)
    file = Path(inspect.getsourcefile(function) or "").relative_to(PROJECT).as_posix()
    return Excerpt(function.__name__, textwrap.dedent("".join(lines)).rstrip(), file, first, first + len(lines) - 1)
