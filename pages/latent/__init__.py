"""A latent space to look at: the pad, the map, walks, one digit, reconstructions.

May be imported by families, compare and the page scripts.
"""
