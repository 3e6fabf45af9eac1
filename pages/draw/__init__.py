"""Pictures and charts from numbers and tensors: palette, figures, strips, charts, graphical models. No page state.

May be imported by kit, choose, latent, measure, runs, families, compare and the page scripts.
"""
