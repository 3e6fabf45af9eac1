"""The numbers of Theory's derivations: each line's, for one image and one model's weights.

May be imported by diagnosis, takeaway, homework, upkeep, cli and pages.
"""
