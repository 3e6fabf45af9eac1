"""Which family a file's tensors are, from their names and shapes.

May be imported by training and pages.
"""
