"""The homework: its questions with what is expected, how near an answer comes, and the report of chosen models.

May be imported by upkeep, cli and pages.
"""
