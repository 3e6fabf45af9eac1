"""How good a model is: bounds and their errors, accuracy, disentanglement.

May be imported by lab, release, benchmark, diagnosis, takeaway, cli and pages.
"""
