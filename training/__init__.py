"""Everything that takes time or touches the disk: data, training, evaluation, checkpoints. No Streamlit.

May be imported by pages.
"""
