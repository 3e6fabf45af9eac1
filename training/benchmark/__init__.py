"""How fast training and measuring are, in ratios within one run on this machine.

May be imported by diagnosis, cli and pages.
"""
