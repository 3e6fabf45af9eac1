"""One training: its config, the trainer, the run folder, the worker that fills it.

May be imported by release, benchmark, diagnosis, cli and pages.
"""
