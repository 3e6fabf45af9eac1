"""The homework's check-sheet and report: a page script, its text, and what it shows.

May be imported by the page scripts.
"""
