"""How good a model is: bounds and their errors, accuracy, disentanglement.

May be imported by lab, theory, release, benchmark, diagnosis, takeaway, homework, upkeep, cli and pages.
"""
