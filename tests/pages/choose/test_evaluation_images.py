import pytest
from streamlit.testing.v1 import AppTest

from training.data.idx_files import IdxFiles


def test_a_picker_of_a_thousand_digits_does_not_look_for_files_a_thousand_times(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    find = IdxFiles._find

    def counted(files: IdxFiles, name: str) -> object:
        looks.append(name)
        return find(files, name)

    app.query_params["view"] = "One digit"
    page = app.switch_page("pages/samples.py").run()
    monkeypatch.setattr(IdxFiles, "_find", counted)
    page.run()
    assert not page.exception
    (picker,) = [box for box in page.selectbox if len(box.options) == 1000]
    assert picker.options[0] == "0, no. 1"
    assert 0 < len(looks) < 100
