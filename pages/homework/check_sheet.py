"""Check-sheet: the homework question by question, what is expected, and how near the visitor's own numbers come."""

import streamlit as st

from pages.choose.pickers import pick_runs
from pages.homework.own_answers import answering, measure_open, own_answer
from pages.homework.report_panel import report_panel
from pages.homework.sheet import problem_table, score
from pages.kit import frame, glossary
from pages.kit.guard import plain, section
from pages.kit.texts import page_text
from training.checkpoints.model_ref import model_ref
from training.homework.answers import shipped_answer
from training.homework.questions import problems, value_of, verdict

frame.mend_link("pages/homework/check_sheet.py")
frame.header("Check-sheet", "What does the homework ask, and how near do your numbers come?")
sheet = problems()
presets = list(dict.fromkeys(preset for problem in sheet for preset in problem.presets))
shipped = {preset: shipped_answer(preset) for preset in presets}
questions = [question for problem in sheet for question in problem.questions]
ours = {question: value_of(question, shipped[question.model]) for question in questions}

tiles, controls = st.columns([2.4, 1], gap="large")
with controls:
    families = sorted({model_ref("shipped", preset).family for preset in presets})
    chosen = pick_runs(families, data="", panel=True)
    mine = answering(chosen, presets)
    spare = [ref for ref in chosen if ref not in mine.values()]
    if spare:
        st.caption(
            f"Not on the sheet: {', '.join(plain(ref.label) for ref in spare)}. It takes one model for each recipe of "
            "the homework."
        )
answers = {preset: own_answer(ref) for preset, ref in mine.items()}
own = {question: value_of(question, answers[question.model]) for question in questions if question.model in answers}
with tiles:
    left, right = st.columns(2)
    with left:
        score("Shipped models", [verdict(question, value) for question, value in ours.items()])
    with right:
        score("Yours", [verdict(question, own.get(question)) for question in questions])
    with section("measuring"):
        measure_open(mine, questions, own)
for problem in sheet:
    with section(problem.name):
        st.header(problem.title, anchor=False)
        problem_table(problem, ours, own, mine)
glossary.caption(
    "Expected: where correctly trained weights fall, by the published values and their spread over trainings. Met: "
    "within that range. Near: outside it by at most half its width. NELBO and bounds in nats per image, KL and "
    "reconstruction too; the homework set is 100 test digits, binarised once."
)

st.space("small")
with section("report"):
    report_panel(mine)
with controls:
    frame.share()
st.space("small")
frame.notes(page_text(__file__))
