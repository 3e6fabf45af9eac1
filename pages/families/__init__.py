"""Views that only some families have: mixture components, labels, styles.

May be imported by compare, teaching, theory, homework and the page scripts.
"""
