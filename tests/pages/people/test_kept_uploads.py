"""A visitor's own files outlive a reload, and are nobody else's."""

from collections.abc import Callable, Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.kit import services
from tests.pages.choose.test_weight_uploads import upload, weights
from tests.pages.people.test_entering import tab
from training.people.kept_files import kept_folder
from training.people.viewer import Viewer

ANNE, BERT = "A" * 22, "B" * 22


@pytest.fixture(autouse=True)
def _reader_ends(app: AppTest) -> Iterator[None]:
    yield
    services.quarantine().close()


def models(page: AppTest) -> list[str]:
    return list(page.selectbox(key="samples-checkpoint").options)


def test_a_reload_finds_them_again_and_reads_them_in_quarantine(app: AppTest, browse_as: Callable[..., str]) -> None:
    folder = kept_folder(Viewer(browse_as(ANNE)))
    assert folder is not None
    upload(tab(app, "samples"), ("mine.pt", weights()))
    assert {each.name for each in folder.iterdir()} == {"mine.safetensors", "uploads.json", ".lock"}
    st.cache_resource.clear()  # as in a server that was started again
    page = tab(app, "samples", samples_checkpoint="upload mine")
    assert page.selectbox(key="samples-checkpoint").value == "upload mine"
    assert not page.error
    browse_as(BERT)
    assert not [name for name in models(tab(app, "samples")) if name.startswith("upload")]


def test_a_file_that_was_changed_since_is_not_shown(app: AppTest, browse_as: Callable[..., str]) -> None:
    folder = kept_folder(Viewer(browse_as(ANNE)))
    assert folder is not None
    upload(tab(app, "samples"), ("mine.pt", weights()))
    st.cache_resource.clear()
    (folder / "mine.safetensors").write_bytes(b"something else")
    page = tab(app, "samples", samples_checkpoint="upload mine")
    assert len(page.error) == 1


def test_there_are_so_many_and_one_that_is_removed_is_gone(
    app: AppTest, browse_as: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELBO_LAB_WORKSPACE_UPLOADS", "1")
    folder = kept_folder(Viewer(browse_as(ANNE)))
    assert folder is not None
    page = upload(tab(app, "samples"), ("mine.pt", weights()), ("other.pt", b"junk"))
    assert [error.value for error in page.error] == ["other is one too many: 1 files are kept, so remove one first."]
    page.button(key="remove-mine").click().run()
    assert not list(folder.glob("*.safetensors"))
    assert not [name for name in models(tab(app, "samples")) if name.startswith("upload")]


def test_a_reload_finds_their_diagnoses_again(app: AppTest, browse_as: Callable[..., str]) -> None:
    browse_as(ANNE)
    upload(tab(app, "clinic"), ("mine.pt", weights()))
    before = [success.value for success in tab(app, "clinic").success]
    st.cache_resource.clear()
    again = tab(app, "clinic")
    assert [success.value for success in again.success] == before
    assert any("mine" in verdict for verdict in before)
    assert [expander.label for expander in again.expander if "layer by layer" in expander.label] == [
        "mine, layer by layer"
    ]
