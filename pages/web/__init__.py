"""What the web server does before a page runs: it gives each browser the cookie of its workspace. It knows no page.

May be imported by classroom, kit, choose, people, takeaway, latent, measure, runs, lab, families, compare,
teaching, theory, homework and the page scripts.
"""
