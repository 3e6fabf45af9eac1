from pathlib import Path

import pytest

from training.release import label_points
from training.release.label_points import LabelPoint, keep_label_point, read_label_points
from training.system.errors import UserError

POINT = LabelPoint("ssvae-supervised", 50, 0.625, 30_000, 3)


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(label_points, "LABEL_POINTS", tmp_path / "points.json")
    monkeypatch.setattr(label_points, "pretrained_names", list)
    return tmp_path / "points.json"


def test_a_point_takes_the_place_of_the_one_before() -> None:
    assert read_label_points() == []
    more = LabelPoint("ssvae", 300, 0.95, 30_000, 0)
    for point in (LabelPoint("ssvae-supervised", 50, 0.5, 10, 0), more, POINT):
        keep_label_point(point)
    assert read_label_points() == [more, POINT]


def test_a_broken_file_is_one_sentence(file: Path) -> None:
    file.write_text("[{}]")
    with pytest.raises(UserError, match="remake it with"):
        read_label_points()


def test_points_that_ship_are_accuracies_of_whole_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    points = read_label_points()
    assert all(0.3 < point.accuracy < 1 and point.steps == 30_000 for point in points)
    for preset in ("ssvae", "ssvae-supervised"):
        reached = [point.accuracy for point in points if point.preset == preset]
        assert reached == sorted(reached)  # more labels, more digits read
