"""Pictures and charts of tensors: palette, figures, strips, graphical models.

May be imported by kit, people, choose, takeaway, latent, measure, runs, lab, families, compare, theory and
the page scripts.
"""
