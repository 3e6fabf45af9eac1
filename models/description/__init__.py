"""How a family says what it is: its graphical model, its formulas, the terms that it reports. No torch.

May be imported by family, blocks, the families, registry, recognition, training and pages.
"""
