"""Numbers of models: measuring, tables, the ladder of bounds, importance weights, the rate-distortion plane.

May be imported by families, compare and the page scripts.
"""
