"""Pages run inside the test's own process, on the embedded sample and a runs folder of each test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.common import services
from tests.patience import PATIENCE
from training.folders import PROJECT


@pytest.fixture
def app(runs_folder: Path, no_mnist: Path) -> Iterator[AppTest]:
    """The app, started and showing Home; background work it leaves behind is stopped."""
    st.cache_resource.clear()
    st.cache_data.clear()
    yield AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE).run()
    services.jobs().stop_all()


def text_of(app: AppTest) -> str:
    """Everything the page says, for a look at words."""
    parts = [*app.title, *app.markdown, *app.caption, *app.error, *app.info, *app.success, *app.warning]
    return "\n".join(str(part.value) for part in parts)
