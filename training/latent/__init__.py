"""Latent spaces as numbers: encoded digits, planes, t-SNE, the packed decoder of the browser."""
