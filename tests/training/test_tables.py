import io

from rich.console import Console

from training.evaluate import SetReport
from training.tables import report_table

HOMEWORK = {"kl": 19.5, "rec": 81.734}
TEST = {"kl": 19.25, "rec": 80.55}


def test_every_number_stands_in_the_table_of_its_set() -> None:
    sets = {
        "homework": SetReport(
            100, 101.234, 0.056, {"kl": 19.5, "rec": 81.734}, {1: 101.25, 10: 98.5}, {1: 0.07, 10: 0.08}
        ),
        "test": SetReport(10_000, 99.8, 0.004, TEST, {1: 99.75, 10: 97.0}, {1: 0.003, 10: 0.005}),
    }
    page = io.StringIO()
    Console(file=page, width=100).print(report_table("vae", sets))
    lines = [line.split() for line in page.getvalue().replace("│", " ").replace("┃", " ").splitlines()]
    assert ["NELBO", "101.23", "±", "0.06", "99.80", "±", "0.00"] in lines
    assert ["KL", "19.50", "19.25"] in lines
    assert ["reconstruction", "81.73", "80.55"] in lines
    assert ["negative", "IWAE-10", "98.50", "±", "0.08", "97.00", "±", "0.01"] in lines
    assert "homework set, 100 test digits" in page.getvalue()
