"""Many trainings: which there are and what is said of them, whose turn it is, sweeps, the bin, and the launcher that
starts a process for each.

May be imported by diagnosis, takeaway, homework, upkeep, cli and pages.
"""
