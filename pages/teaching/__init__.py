"""The pages of a class: the room, lessons.

May be imported by the page scripts.
"""
