"""What a run leaves the app as, and comes back from: its bundle, a script and a notebook that retrain it, its
measurements as CSV and as TensorBoard's files.

May be imported by upkeep, cli and pages.
"""
