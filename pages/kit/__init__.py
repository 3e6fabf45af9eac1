"""What every page stands in and draws with: the frame, services, terms, formulas.

May be imported by people, choose, takeaway, latent, measure, runs, lab, families, compare, theory and
the page scripts.
"""
