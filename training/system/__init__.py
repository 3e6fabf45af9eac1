"""What everything stands on: errors, files, folders, the device, background jobs.

May be imported by classroom, people, cluster, data, checkpoints, pictures, latent, runs, evaluation, lab, theory,
release, benchmark, diagnosis, takeaway, homework, upkeep, cli and pages.
"""
