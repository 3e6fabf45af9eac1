"""One way to choose a model, on every page: the visitor's files, shipped models, the runs of this server.

A choice is a model's title; what a visitor reads, and what stands in the address, is its label.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import streamlit as st

from pages.choose.weight_uploads import upload_panel, uploads
from pages.kit.address import RUN_ELSEWHERE, absent, forget_absent, page_key
from pages.kit.guard import plain
from training.checkpoints.model_ref import ModelRef, model_ref, run_called
from training.data.data_set import DataSet
from training.data.registry import DATA_SETS, of_kind, same_images, whole
from training.lab.run_index import run_ids
from training.system.folders import pretrained_names

__all__ = ["choose_also", "data_asked", "pick_model", "pick_models", "pick_runs"]

MOST = 6
LONGEST_NAME = 60


def data_asked(key: str) -> DataSet | None:
    """The data set of the model that a picker is about to show, of several the first; None where none is chosen yet."""
    asked = st.session_state.get(page_key(key), st.query_params.get_all(page_key(key)))
    title = asked if isinstance(asked, str) else next(iter(asked or []), "")
    origin, _, name = title.partition(" ")
    ref = uploads().get(name) if origin == "upload" else run_called(title)
    if origin == "shipped" and name in pretrained_names():
        ref = model_ref("shipped", name)
    return whole(ref.data) if ref is not None and ref.data in DATA_SETS else None


def pick_model(
    families: Collection[str] | None = None,
    *,
    label: str = "Model",
    key: str = "checkpoint",
    default: str = "",
    data: str = "",
    fits: Callable[[ModelRef], bool] = lambda ref: True,
) -> ModelRef | None:
    """A picker whose choice is in the page's address, as `ModelRef.label`; None where there is no model to choose.

    Arguments:
        families: for a page that is about some families alone.
        default: title of the model to begin with; the first one that there is, if not given.
        data: models of these images alone; of every data set, if not given.
        fits: whether a page can show a model.
    """
    options = {title: ref for title, ref in _models(families, data).items() if fits(ref)}
    labels = _labels(options)
    lacking = absent(key, labels.values())
    titles = list(options)
    chosen = st.selectbox(
        label,
        titles,
        index=titles.index(default) if default in options else 0,
        format_func=partial(_label, labels),
        key=page_key(key),
        bind="query-params",
        help="Models that ship with the app, every run trained here, and files that you upload.",
        on_change=forget_absent,
        args=[key],
    )
    _say_absent(lacking)
    if key == "checkpoint":
        upload_panel()
    return None if chosen is None else options[chosen]


def _say_absent(titles: Sequence[str]) -> None:
    """What a link asks for and this page has not, in one sentence."""
    if not titles:
        return
    named = " and ".join(f"**{plain(title[:LONGEST_NAME])}**" for title in titles[:MOST])
    there = set(_labels(_models()).values()) & set(titles)
    st.caption(
        f"The link asks for {named}, which this page does not show: choose another model, or another page."
        if there
        else f"The link asks for {named}, which is not here: {RUN_ELSEWHERE}. An uploaded file is its visitor's alone."
    )


def pick_models(default: list[str], *, every_kind: bool = False) -> list[ModelRef]:
    """The same for up to six models at once; `default` names shipped ones, those of them that are there.

    Arguments:
        every_kind: models of colour images too, and own files chosen at first; the caller has a place for uploads.
    """
    options = _models()
    if not every_kind:
        options = {
            title: ref for title, ref in options.items() if ref.data not in [data.name for data in of_kind("colour")]
        }
    at_first = [f"shipped {name}" for name in default] + [ref.title for ref in uploads().values() if every_kind]
    labels = _labels(options)
    lacking = absent("models", labels.values())
    chosen: list[str] = st.multiselect(
        "Models",
        list(options),
        default=[title for title in at_first if title in options][:MOST],
        format_func=partial(_label, labels),
        max_selections=MOST,
        wrap=True,
        key=page_key("models"),
        bind="query-params",
        on_change=forget_absent,
        args=["models"],
        help=f"Up to {MOST}: models that ship with the app, runs trained here, files that you upload.",
    )
    _say_absent(lacking)
    if not every_kind:
        upload_panel()
    return [options[title] for title in chosen]


def choose_also(models: Collection[ModelRef]) -> None:
    """Add models to those that `pick_models` has chosen, as far as there is room; call it before that.

    None of those leaves; where room is scarce, a visitor's own files come before shipped models.
    """
    chosen: list[str] | None = st.session_state.get(page_key("models"))
    if chosen is None or not models:
        return
    room, added = MOST - len(chosen), [ref for ref in dict.fromkeys(models) if ref.title not in chosen]
    if len(added) > room:
        added = sorted(added, key=lambda ref: ref.origin == "shipped")[:room]
    st.session_state[page_key("models")] = [*chosen, *(ref.title for ref in added)]


def pick_runs(families: Collection[str], *, data: str, panel: bool = False) -> list[ModelRef]:
    """A picker for up to six runs and uploads, of some families; empty where there are none.

    Arguments:
        data: models of these images alone.
        panel: with a place to upload files, on a page that has no other.
    """
    options = {title: ref for title, ref in _models(families, data).items() if not ref.shipped}
    labels = _labels(options)
    lacking = absent("runs", labels.values())
    chosen: list[str] = st.multiselect(
        "Compared with your own models",
        list(options),
        format_func=partial(_label, labels),
        placeholder="Choose some" if options else "None yet: train one, or upload one",
        max_selections=MOST,
        wrap=True,
        key=page_key("runs"),
        bind="query-params",
        on_change=forget_absent,
        args=["runs"],
        help="Runs trained on this server, and files that you upload.",
    )
    _say_absent(lacking)
    if panel:
        upload_panel()
    return [options[title] for title in chosen]


def _models(families: Collection[str] | None = None, data: str = "") -> dict[str, ModelRef]:
    """Every model that there is, by its title; only of some families, and of one data set's images, if given."""
    every = [model_ref("shipped", name) for name in pretrained_names()]
    every += [*(model_ref("run", run_id) for run_id in run_ids()), *uploads().values()]
    of_families = [ref for ref in every if families is None or ref.family in families]
    return {ref.title: ref for ref in of_families if not data or same_images(ref.data, data)}


def _labels(options: Mapping[str, ModelRef]) -> dict[str, str]:
    return {title: ref.label for title, ref in options.items()}


def _label(labels: Mapping[str, str], title: str) -> str:
    """What a visitor reads in place of a title; of an older label, what it is now."""
    run = None if title in labels else run_called(title)
    return labels.get(title, title) if run is None else run.label
