"""Trainings on a page: the form, one run as it goes, its curves and controls.

May be imported by families, compare, teaching, theory, homework and the page scripts.
"""
