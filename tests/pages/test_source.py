import re

import pytest
from streamlit.testing.v1 import AppTest

from training.system.folders import PROJECT


def opened(app: AppTest, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[name] = value
    app.switch_page("pages/source.py").run()
    assert not app.exception
    return app


def test_a_link_opens_its_file_with_its_lines_marked(app: AppTest) -> None:
    opened(app, file="models/vae.py", lines="7-19")
    assert app.code[0].value == (PROJECT / "models" / "vae.py").read_text("utf-8").strip()
    styles = " ".join(part.proto.body for part in app.get("html"))
    assert re.findall(r"nth-child\((?:n|-n) \+ (\d+)\)", styles) == ["7", "19"]


@pytest.mark.parametrize("lines", ["", "0-3", "9-5", "1-99999", "-1-4", "x", "3", "1-2;color:red"])
def test_lines_that_the_file_does_not_have_are_not_marked(app: AppTest, lines: str) -> None:
    opened(app, file="models/vae.py", lines=lines)
    assert "nth-child" not in " ".join(part.proto.body for part in app.get("html"))


@pytest.mark.parametrize("file", ["../README.md", "app.py", "models/../app.py", "/etc/passwd", "models/none.py"])
def test_only_files_of_the_models_can_be_opened(app: AppTest, file: str) -> None:
    opened(app, file=file)
    assert app.selectbox(key="source-file").value in app.selectbox(key="source-file").options
    assert app.code[0].value == (PROJECT / str(app.selectbox(key="source-file").value)).read_text("utf-8").strip()


def test_another_file_has_no_marked_lines(app: AppTest) -> None:
    opened(app, file="models/vae.py", lines="7-19")
    app.selectbox(key="source-file").set_value("models/gmvae.py").run()
    assert not app.exception
    assert app.code[0].value == (PROJECT / "models" / "gmvae.py").read_text("utf-8").strip()
    assert "nth-child" not in " ".join(part.proto.body for part in app.get("html"))
