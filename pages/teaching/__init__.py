"""The pages of a class: the room.

May be imported by the page scripts.
"""
