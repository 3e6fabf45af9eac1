"""How a number is written for a person, the same on pages and in sentences."""

__all__ = ["signed"]


def signed(value: float, form: str = ".2f") -> str:
    """A number in a format, as it is printed: with a minus sign and no hyphen."""
    return format(value, form).replace("-", "\u2212")
