import io

from rich.console import Console

from training.cli.tables import layer_table, report_table, speed_table
from training.diagnosis.findings import Diagnosis, Layer, Nearest
from training.evaluation.bounds import SetReport
from training.evaluation.spread import Spread

HOMEWORK = {"kl": 19.5, "rec": 81.734}
TEST = {"kl": 19.25, "rec": 80.55}


def test_every_number_stands_in_the_table_of_its_set() -> None:
    sets = {
        "homework": SetReport(
            100,
            101.234,
            0.056,
            HOMEWORK,
            {1: 101.25, 10: 98.5},
            {1: 0.07, 10: 0.08},
            {1: 1.0, 10: 4.26},
            {1: 1.0, 10: 1.04},
        ),
        "test": SetReport(
            10_000,
            99.8,
            0.004,
            TEST,
            {1: 99.75, 10: 97.0},
            {1: 0.003, 10: 0.005},
            {1: 1.0, 10: 3.5},
            {1: 1.0, 10: 1.26},
        ),
    }
    page = io.StringIO()
    Console(file=page, width=100).print(report_table("vae", sets))
    lines = [line.split() for line in page.getvalue().replace("│", " ").replace("┃", " ").splitlines()]
    assert ["NELBO", "101.23", "±", "0.06", "99.80", "±", "<0.01"] in lines
    assert ["KL", "19.50", "19.25"] in lines
    assert ["reconstruction", "81.73", "80.55"] in lines
    assert ["negative", "IWAE-10", "98.50", "±", "0.08", "97.00", "±", "0.01"] in lines
    assert ["ESS,", "median", "(worst)", "4.3", "(1.0)", "of", "10", "3.5", "(1.3)", "of", "10"] in lines
    assert sum("ESS," in line for line in lines) == 1  # one weight is always one sample
    assert "homework set, 100 test digits" in page.getvalue()
    assert Spread.NOISE.label in " ".join(page.getvalue().split())


def test_the_speed_table_has_times_ratios_and_memory() -> None:
    step = {"homework_ms": 12.0, "ours_ms": 4.0, "floor_ms": 2.5, "speedup": 3.0, "precision": "bfloat16"}
    bound = {"naive_s": 7.5, "ours_s": 1.5, "naive_mb": 900.4, "ours_mb": None}
    page = io.StringIO()
    Console(file=page, width=120).print(speed_table({"vae": step, "iwae1000": {"gmvae": bound}}))
    lines = [" ".join(line.replace("│", " ").split()) for line in page.getvalue().splitlines()]
    assert "vae, one step (bfloat16) 12.00 ms 4.00 ms 2.50 ms 3.0x 1.60" in lines
    assert "gmvae, IWAE1000 7.50 s, 900 MB 1.50 s 5.0x" in lines


def test_the_table_of_layers_shows_names_as_they_are() -> None:
    layers = [Layer("enc.net.0.weight", (300, 784), None, "not in the file"), Layer("[red]x", None, (3,))]
    page = io.StringIO()
    Console(file=page, width=100).print(layer_table(Diagnosis(False, Nearest("vae", "VAE"), "", layers, [])))
    lines = [line.split() for line in page.getvalue().replace("│", " ").splitlines()]
    assert ["enc.net.0.weight", "(300,", "784)", "-", "not", "in", "the", "file"] in lines
    assert ["[red]x", "-", "(3,)"] in lines
