"""How fast a training step and a bound are, and where a step's time goes.

May be imported by diagnosis, takeaway, homework, upkeep, cli and pages.
"""
