"""The pages: thin scripts that read widgets, ask `training` and `models`, and draw with the folders beside them.

May be imported by app.py alone.
"""
