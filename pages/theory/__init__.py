"""The chapters of Theory: a page script and its text each, and how a derivation is read, drawn and answered.

May be imported by the page scripts.
"""
