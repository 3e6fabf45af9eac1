"""The one door for weights: reading, the quarantine for strangers' bytes, exports.

May be imported by pictures, latent, runs, evaluation, lab, theory, release, benchmark, diagnosis, takeaway, homework,
upkeep, cli and pages.
"""
