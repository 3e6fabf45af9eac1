"""Trainings on a page: the form, one run as it goes, its curves and controls."""
