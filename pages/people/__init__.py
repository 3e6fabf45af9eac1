"""The people at the pages: who the visitor is, what a stranger or a teacher enters first, who may see a run.

May be imported by takeaway, latent, measure, runs, lab, families, compare, teaching, theory, homework and
the page scripts.
"""
