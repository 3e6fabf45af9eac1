"""The Clinic's parts: files side by side, their diagnoses, exports.

May be imported by theory and the page scripts.
"""
