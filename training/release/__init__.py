"""What ships with the app: cards, README tables, pretraining, first pictures.

May be imported by diagnosis, takeaway, homework, upkeep, cli and pages.
"""
