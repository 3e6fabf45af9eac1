"""Handing in weights: read once, chosen like any other model, known to one visitor; a bad file is one sentence."""

import io
import tomllib
from pathlib import Path

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from models import vae
from models.vae import VAEConfig
from pages.kit import services
from pages.kit.guard import plain
from tests.patience import PATIENCE
from training.system.folders import PROJECT


@pytest.fixture(autouse=True)
def _reader_ends(app: AppTest) -> object:
    yield
    services.quarantine().close()


def weights() -> bytes:
    state = vae.FAMILY.fresh(VAEConfig(z=5, hidden=(11, 13), pixels=784), seed=0).state_dict()
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def upload(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    page.file_uploader(key="weights").set_value(
        [(name, content, "application/octet-stream") for name, content in files]
    )
    page.button[[button.label for button in page.button].index("Read them")].click().run()
    assert not page.exception
    return page


def test_one_limit_is_said_and_kept(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    page = app.switch_page("pages/samples.py").run()
    limit = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["server"][
        "maxUploadSize"
    ]
    assert st.get_option("server.maxUploadSize") == limit
    assert page.file_uploader(key="weights").proto.max_upload_size_mb == limit
    monkeypatch.setattr(st, "get_option", lambda name: 1)
    page = upload(page, ("mine.pt", bytes(2**20 + 1)))
    assert [error.value for error in page.error] == ["mine has 1 MB: the limit is 1 MB a file."]


def test_a_file_is_read_and_chosen_on_every_page(app: AppTest, tmp_path: Path) -> None:
    page = upload(app.switch_page("pages/samples.py").run(), ("../my homework.pt", weights()), ("b.pt", b"junk"))
    assert [error.value for error in page.error] == [
        "b cannot be read as weights: it is damaged, or holds more than tensors; save it again with "
        "torch.save(model.state_dict(), path)."
    ]
    page.selectbox(key="samples-checkpoint").select("upload my-homework").run()
    assert not page.exception
    assert not [error for error in page.error if "my-homework" in error.value]
    bounds = page.switch_page("pages/bounds.py").run()
    assert "upload my-homework" in bounds.multiselect(key="bounds-models").options
    bounds.multiselect(key="bounds-models").set_value(["upload my-homework"]).run()
    assert not bounds.exception

    stranger = AppTest.from_file(app._script_path, default_timeout=PATIENCE).switch_page("pages/samples.py").run()
    assert not [name for name in stranger.selectbox(key="samples-checkpoint").options if name.startswith("upload")]


@pytest.mark.parametrize("asked", ["upload mine", "run [gone](https://example.org)"])
def test_a_link_to_what_is_elsewhere_says_so_until_something_is_chosen(app: AppTest, asked: str) -> None:
    page = app.switch_page("pages/samples.py")
    page.query_params["checkpoint"] = asked
    page.run()
    found = [caption.value for caption in page.caption if "The link asks for" in caption.value]
    assert len(found) == 1
    assert plain(asked) in found[0]
    assert page.selectbox(key="samples-checkpoint").value == "shipped vae"
    page.selectbox(key="samples-checkpoint").select("shipped gmvae").run()
    assert not [caption for caption in page.caption if "The link asks for" in caption.value]


def test_a_file_can_be_removed_and_the_same_weights_twice_are_said_to_be_the_same(app: AppTest) -> None:
    page = upload(app.switch_page("pages/clinic.py").run(), ("one.pt", weights()), ("two.pt", weights()))
    assert "upload one" in page.multiselect(key="clinic-models").options
    assert "upload two" not in page.multiselect(key="clinic-models").options
    assert any("two holds the same weights as one" in error.value for error in page.error)
    page.button(key="remove-one").click().run()
    assert not page.exception
    assert "upload one" not in page.multiselect(key="clinic-models").options
    assert page.multiselect(key="clinic-models").value == ["shipped vae", "shipped gmvae"]
    assert page.session_state["diagnosed"] == []  # nor does anybody say that two is the same as one
