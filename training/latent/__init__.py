"""Latent spaces as numbers: encoded images, planes, t-SNE, the packed decoder.

May be imported by runs, evaluation, lab, theory, release, benchmark, diagnosis, takeaway, homework, upkeep, cli and
pages.
"""
