"""How tests check the annotations of models/: shapes, and types, where an int may stand for a float."""

from beartype import BeartypeConf, beartype

__all__ = ["checked"]

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
