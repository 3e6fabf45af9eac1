import json

from streamlit.testing.v1 import AppTest

from training.release.seeds import several


def shown(preset: str) -> AppTest:
    def script(preset: str) -> None:
        from pages.measure.seed_dots import seed_dots

        seed_dots(preset)

    app = AppTest.from_function(script, args=(preset,)).run()
    assert not app.exception
    return app


def test_every_training_has_a_dot_and_the_shipped_one_is_marked() -> None:
    app = shown("vae")
    found = {name: several("vae", name, "nelbo") for name in ("homework", "test")}
    (chart,) = app.get("vega_lite_chart")
    ticks, dots = (layer["data"]["values"] for layer in json.loads(chart.proto.spec)["layer"])
    for place, set_name in {"homework set": "homework", "full test set": "test"}.items():
        row = [dot for dot in dots if dot["set"] == place]
        assert [dot["value"] for dot in row] == list(found[set_name].values)
        assert [dot["what"] for dot in row if "ships" in dot["kind"]] == [f"seed {found[set_name].shipped}"]
    assert sorted(tick["value"] for tick in ticks) == [101.21, 101.51, 102.23]  # as published
    (said,) = [each.value for each in app.caption]
    assert f"number {found['homework'].rank} of {len(found['homework'].values)} on the homework set" in said
    assert said.endswith("The ticks are the student report and the reference solution.")


def test_a_recipe_that_was_trained_once_has_none() -> None:
    app = shown("vampprior")
    assert not app.get("vega_lite_chart")
    assert not app.caption
