"""Many cores: those of this machine, or of the Ray cluster that $ELBO_LAB_CLUSTER names. Ray is imported here alone.

May be imported by classroom, data, checkpoints, pictures, latent, runs, evaluation, lab, theory, release,
benchmark, diagnosis, takeaway, homework, upkeep, cli and pages.
"""
