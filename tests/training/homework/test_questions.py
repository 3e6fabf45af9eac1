from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.homework.answers import answer_of, shipped_answer
from training.homework.questions import Answer, Question, Verdict, problems, value_of, verdict
from training.release.cards import read_card
from training.release.published import ACCURACIES, REFERENCES
from training.system.folders import PRETRAINED, pretrained_names

QUESTIONS = [question for problem in problems() for question in problem.questions]
EXAMPLE = Question("How much?", "vae", "nelbo", "homework", 100.0, 102.0, "look at the loss")


def test_the_problems_are_the_homeworks() -> None:
    assert [problem.name for problem in problems()] == ["vae", "gmvae", "iwae", "ssvae", "fsvae"]
    for problem in problems():
        assert {question.model for question in problem.questions} == set(problem.presets) <= set(pretrained_names())


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"{question.model} {question.number}")
def test_a_question_is_sound(question: Question) -> None:
    assert question.low < question.high
    assert question.asks.endswith("?")
    assert question.far.endswith(".")
    assert verdict(question, value_of(question, shipped_answer(question.model))) is Verdict.MET


@pytest.mark.parametrize("question", [question for question in QUESTIONS if question.set_name == "homework"])
def test_what_was_published_meets_its_question(question: Question) -> None:
    for entry in REFERENCES:
        if entry.model == question.model:
            facts = {"nelbo": entry.nelbo, "kl": entry.kl, "rec": entry.rec, "niwae": entry.niwae}
            value = value_of(question, answer_of({"homework": facts}, None, None))
            assert verdict(question, value) in (Verdict.MET, Verdict.OPEN), entry.source


def test_published_accuracies_meet_theirs() -> None:
    for question in QUESTIONS:
        if question.number == "accuracy":
            assert all(
                question.low < each.accuracy < question.high for each in ACCURACIES if each.model == question.model
            )


def test_a_number_is_read_off_the_card() -> None:
    card = read_card(PRETRAINED / "ssvae")
    found = {
        question.number: value_of(question, shipped_answer("ssvae"))
        for question in QUESTIONS
        if question.model == "ssvae"
    }
    assert found == {"accuracy": card.accuracy, "kl_y": card.sets["test"].kl_y}


def test_a_difference_needs_both_its_numbers() -> None:
    question = replace(EXAMPLE, number="nelbo - 10")
    whole = Answer({"homework": {"nelbo": 101.5, "10": 98.25}}, {})
    assert value_of(question, whole) == 3.25
    assert value_of(question, Answer({"homework": {"nelbo": 101.5}}, {})) is None
    assert value_of(question, Answer({"test": {"nelbo": 101.5, "10": 98.25}}, {})) is None


@given(st.floats(0, 300))
def test_near_is_half_a_width_outside(value: float) -> None:
    found = verdict(EXAMPLE, value)
    assert (found is Verdict.MET) == (100 <= value <= 102)
    assert (found is Verdict.FAR) == (value < 99 or value > 103)


def test_an_open_question_has_no_number() -> None:
    assert verdict(EXAMPLE, None) is Verdict.OPEN
    assert EXAMPLE.written(None) == "not measured"
    assert EXAMPLE.written(-1234.567) == "−1,234.57"
    assert replace(EXAMPLE, set_name="", number="accuracy").written(0.9406) == "94.1%"
    assert replace(EXAMPLE, set_name="", number="style_kept").written(0.9662) == "0.966"
