"""How a number is written for a person, the same on pages and in sentences."""

import re

__all__ = ["plus_minus", "signed"]


def signed(value: float, form: str = ",.2f") -> str:
    """A number in a format, as it is printed: with a minus sign and no hyphen, thousands apart, no minus before 0."""
    text = format(value, form)
    if not any(digit in text for digit in "123456789") and text[:1] == "-":
        text = text[1:]
    return text.replace("-", "\u2212")


def plus_minus(error: float, form: str = ",.2f") -> str:
    """A standard error in the format of its value: "± 0.07"; one that would read as 0 is "± <0.01"."""
    text = format(error, form)
    if any(digit in text for digit in "123456789"):
        return f"± {text}"
    smallest = re.sub(r"0(?=%?$)", "1", text)
    return f"± <{smallest}"
