"""Many trainings beside each other: the table of runs, their curves, their pictures step by step, the bin.

May be imported by families, compare, teaching, theory, homework and the page scripts.
"""
