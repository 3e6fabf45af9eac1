"""Who may do what: each visitor's workspace and its signed cookie, whose a run is, who sees it, who may change it.

May be imported by classroom, data, checkpoints, pictures, latent, runs, evaluation, lab, theory, release,
benchmark, diagnosis, takeaway, homework, upkeep, cli and pages.
"""
