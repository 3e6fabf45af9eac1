"""A class in front of a page: the room's question beside it, the guesses of the phones as they come in.

May be imported by people, choose, takeaway, latent, measure, runs, lab, families, compare, teaching, theory and
the page scripts.
"""
