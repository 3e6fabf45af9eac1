"""How good a model is: bounds and their errors, accuracy, disentanglement.

May be imported by release, benchmark, diagnosis, cli and pages.
"""
