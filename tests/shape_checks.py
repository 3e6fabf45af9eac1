"""How tests check the annotations of models/: shapes, and types, where an int may stand for a float."""

from beartype import BeartypeConf, beartype
from beartype.claw import beartype_packages
from jaxtyping import install_import_hook

from training.system.folders import PROJECT

__all__ = ["check_annotations", "checked"]

CONF = BeartypeConf(is_pep484_tower=True)
WITHOUT_TENSORS = ("description", "recognition")  # a check of shapes takes 50 times as long as one of types
checked = beartype(conf=CONF)


def check_annotations() -> None:
    """Have each call of a function of models/ checked; to be called before models/ is imported."""
    names = {
        file.stem for file in (PROJECT / "models").iterdir() if file.suffix == ".py" or (file / "__init__.py").exists()
    }
    shaped = [f"models.{name}" for name in sorted(names.difference(WITHOUT_TENSORS, {"__init__"}))]
    install_import_hook(shaped, f"{__name__}.checked")
    beartype_packages([f"models.{name}" for name in WITHOUT_TENSORS], conf=CONF)
