import json
from pathlib import Path

from training.lab.latent_file import MOST_MEANS, MOST_ROWS, latent_of


def test_a_runs_latent_space_is_read_step_by_step(tmp_path: Path) -> None:
    assert latent_of(tmp_path) is None
    row = {"step": 100, "kl_per_dimension": [1.5, 0.25], "means": [[0.123, -2.0], [1, 1]]}
    (tmp_path / "latent.jsonl").write_text(json.dumps(row))
    read = {"steps": [100], "kl": [[1.5, 0.25]], "means": [[[0.12, -2.0], [1.0, 1.0]]]}
    assert latent_of(tmp_path) == {**read, "labels": []}
    (tmp_path / "latent.jsonl").write_text(json.dumps({**row, "labels": [7, 3], "seconds": 1.0}))
    assert latent_of(tmp_path) == {**read, "labels": [7, 3]}


def test_damaged_rows_are_left_out_and_long_files_are_thinned(tmp_path: Path) -> None:
    damaged = ["", "[]", "7", '{"step": 1}', '{"step": 1, "kl_per_dimension": [NaN]}', "[" * 10_000]
    damaged += ['{"step": "x", "kl_per_dimension": []}', '{"step": 1, "kl_per_dimension": [1], "means": [[1]]}']
    means = [[0.0, 0.0]] * (MOST_MEANS + 3)
    rows = [json.dumps({"step": step, "kl_per_dimension": [1.0], "means": means}) for step in range(MOST_ROWS * 2 + 1)]
    (tmp_path / "latent.jsonl").write_text("\n".join([*damaged, *rows]))
    found = latent_of(tmp_path)
    assert found is not None
    assert len(found["steps"]) <= MOST_ROWS
    assert found["steps"][-1] == MOST_ROWS * 2
    assert len(found["means"][0]) == MOST_MEANS
    (tmp_path / "latent.jsonl").write_text("\n".join(damaged))
    assert latent_of(tmp_path) is None
