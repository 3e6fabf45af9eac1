"""What a visitor chooses or uploads: models, files, digits, the drawing pad.

May be imported by takeaway, latent, measure, runs, lab, families, compare, teaching, theory, homework and
the page scripts.
"""
