"""`python -m training ...`: the same functions as in the pages, without a browser."""
