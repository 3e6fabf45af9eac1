"""What a run leaves the app as, and how one comes in: downloads of a run, and the place that opens bundles.

May be imported by latent, measure, runs, lab, families, compare, teaching, theory, homework and the page scripts.
"""
