"""Pictures and charts of tensors: palette, figures, strips, graphical models.

May be imported by classroom, kit, people, choose, takeaway, latent, measure, runs, lab, families, compare,
teaching, theory, homework and the page scripts.
"""
