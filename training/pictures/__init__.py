"""Images as arrays and files: grids, styles, components, analogies; what a visitor draws or uploads.

May be imported by runs, evaluation, lab, theory, release, benchmark, diagnosis, takeaway, homework, upkeep, cli and
pages.
"""
