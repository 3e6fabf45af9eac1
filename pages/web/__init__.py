"""What the web server does before a page runs: it gives each browser the cookie of its workspace. It knows no page.

May be imported by kit, people, choose, takeaway, latent, measure, runs, lab, families, compare
and the page scripts.
"""
