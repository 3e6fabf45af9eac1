"""Data sets and evaluation sets: where they lie, how they are fetched and read.

May be imported by checkpoints, pictures, latent, runs, evaluation, lab, theory, release, benchmark, diagnosis,
takeaway, homework, upkeep, cli and pages.
"""
