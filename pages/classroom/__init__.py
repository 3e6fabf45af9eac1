"""A class in front of a page: the card of a lesson above it, the room's question beside it, and its foot.

May be imported by people, choose, takeaway, latent, measure, runs, lab, families, compare, teaching, theory,
homework and the page scripts.
"""
