"""One training: its config, the trainer (step and loop), the run folder's light reader and its writer, what can be
asked of it while it runs, and the worker that fills the folder.

May be imported by lab, theory, release, benchmark, diagnosis, takeaway, homework, upkeep, cli and pages.
"""
