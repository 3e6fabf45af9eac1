"""What every page stands in and draws with: the frame, services, terms, formulas.

May be imported by classroom, people, choose, takeaway, latent, measure, runs, lab, families, compare, teaching,
theory, homework and the page scripts.
"""
