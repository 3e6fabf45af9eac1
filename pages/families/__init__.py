"""Views that only some families have: mixture components, labels, styles."""
