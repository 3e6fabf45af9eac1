from pathlib import Path

import pytest
from jinja2 import UndefinedError

from training.system.templates import template


def test_what_fills_a_template_is_text_and_every_place_must_be_filled(tmp_path: Path) -> None:
    file = tmp_path / "two.html"
    file.write_text("<p>{{ name }}, {{ count }}</p>", "utf-8")
    assert template(file).render(name='<b>é"</b>', count=3) == "<p>&lt;b&gt;é&#34;&lt;/b&gt;, 3</p>"
    with pytest.raises(UndefinedError, match="count"):
        template(file).render(name="one")
