import io
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image

from training.pictures.animations import Frame, animation


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_every_frame_shows_every_run_at_its_step(tmp_path: Path, kind: Literal["gif", "webp"]) -> None:
    for name, grey in (("a", 0), ("b", 120), ("c", 240)):
        Image.new("L", (560, 280), grey).save(tmp_path / f"{name}.png")
    (tmp_path / "damaged.png").write_bytes(b"\x89PNG\r\n")
    frames = [
        Frame(0, [None, tmp_path / "a.png"]),
        Frame(100, [tmp_path / "b.png", tmp_path / "damaged.png"]),
        Frame(200, [tmp_path / "c.png", tmp_path / "gone.png"]),
    ]
    moving: Any = Image.open(io.BytesIO(animation(["a run of a very long name " * 4, "other"], frames, kind)))
    assert (moving.format or "").lower() == kind
    assert moving.n_frames == 3
    left, right = (190, 120), (560, 120)
    seen: list[Any] = []
    for place in range(3):
        moving.seek(place)
        pixels = moving.convert("L")
        seen.append((pixels.getpixel(left), pixels.getpixel(right)))
    assert seen == [
        (pytest.approx(255, abs=6), pytest.approx(0, abs=6)),
        (pytest.approx(120, abs=6), pytest.approx(255, abs=6)),
        (pytest.approx(240, abs=6), pytest.approx(255, abs=6)),
    ]
