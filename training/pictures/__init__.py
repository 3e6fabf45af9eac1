"""Images of models as arrays and files: grids, styles, mixture components, analogies.

May be imported by runs, evaluation, release, benchmark, diagnosis, cli and pages.
"""
