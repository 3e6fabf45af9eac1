"""Numbers of models: bounds, importance weights, the rate-distortion plane.

May be imported by families, compare, teaching, theory, homework and the page scripts.
"""
