"""The pages of a class: the room, lessons, the board of its runs, the server that it is on.

May be imported by the page scripts.
"""
