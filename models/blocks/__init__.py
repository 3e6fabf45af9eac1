"""What families are made of: distributions, networks, and the abstract models that several families share.

May be imported by the families, registry, recognition, training and pages.
"""
