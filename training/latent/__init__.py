"""Latent spaces as numbers: encoded digits, planes, t-SNE, the packed decoder of the browser.

May be imported by runs, evaluation, release, benchmark, diagnosis, cli and pages.
"""
