"""Images of models as arrays and files: grids, styles, components, analogies.

May be imported by runs, evaluation, release, benchmark, diagnosis, cli and pages.
"""
