"""The Clinic's parts: files side by side, their diagnoses, exports.

May be imported by teaching, theory, homework and the page scripts.
"""
