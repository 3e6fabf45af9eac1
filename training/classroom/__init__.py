"""A class: lessons, and guesses that are gathered without names in a database that all server processes share.

May be imported by data, checkpoints, pictures, latent, runs, evaluation, lab, theory, release, benchmark, diagnosis,
takeaway, homework, upkeep, cli and pages.
"""
