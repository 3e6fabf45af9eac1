"""The upkeep of a server: who takes how much of it, what is swept, and a clean state for the next class, with undo.

May be imported by cli and pages.
"""
