"""`python -m training ...`: the same functions as in the pages, without a browser.

May be imported by `python -m training` alone.
"""
