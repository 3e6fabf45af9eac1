"""A latent space to look at: the pad, the map, traversals, reconstructions.

May be imported by families, compare, teaching, theory, homework and the page scripts.
"""
