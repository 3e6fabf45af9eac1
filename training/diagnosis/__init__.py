"""What is wrong with strange weights or printed numbers.

May be imported by cli and pages.
"""
