"""What is wrong with strange weights or printed numbers.

May be imported by upkeep, cli and pages.
"""
