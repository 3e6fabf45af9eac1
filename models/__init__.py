"""Pure PyTorch: distributions, networks and one file per model family. No I/O, no globals, no Streamlit.

May be imported by training and pages.
"""
