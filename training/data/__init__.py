"""Data sets and evaluation sets: where they lie, how they are fetched and read. It may import system."""
