"""Which families play a role of `models.contract`, known before torch is loaded: from the class statements of models/.

`Family.plays` says the same once the family is imported. A page's first picture does not wait for that.
"""

import ast
from functools import cache
from typing import Literal

from training.system.folders import PROJECT

__all__ = ["Role", "playing"]

Role = Literal["Classifier", "Conditional", "Mixture"]


@cache
def playing(role: Role) -> tuple[str, ...]:
    """Names of the families whose models play it."""
    bases, families = _statements()

    def plays(model: str) -> bool:
        return model == role or any(plays(base) for base in bases.get(model, ()))

    return tuple(name for name, model in families.items() if plays(model))


@cache
def _statements() -> tuple[dict[str, list[str]], dict[str, str]]:
    """The bases of each class of models/, and the model class of each family, by name."""
    bases, families = {}, {}
    for file in sorted((PROJECT / "models").rglob("*.py")):
        for part in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(part, ast.ClassDef):
                bases[part.name] = [_last_name(base) for base in part.bases]
            elif isinstance(part, ast.Call) and _last_name(part.func) == "Family":
                given = {keyword.arg: keyword.value for keyword in part.keywords}
                families[ast.literal_eval(given["name"])] = _last_name(given["model"])
    return bases, families


def _last_name(expression: ast.expr) -> str:
    """Of a class as it is written: GMVAE of gmvae.GMVAE, Family of Family[GMVAE]."""
    if isinstance(expression, ast.Subscript):
        return _last_name(expression.value)
    return expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")
