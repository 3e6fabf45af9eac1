"""One training: its config, the trainer (step and loop), the run folder's light reader and its writer, the index of
runs, the worker that fills a run folder and the launcher that starts workers.

May be imported by release, benchmark, diagnosis, cli and pages.
"""
