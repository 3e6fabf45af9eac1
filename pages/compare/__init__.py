"""The Clinic's parts: files side by side, their diagnoses, what can be taken home.

May be imported by the page scripts.
"""
