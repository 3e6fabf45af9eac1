"""The annotations of models/ are checked while tests run: shapes where tensors are, and types everywhere."""

from typing import Any

import pytest
import torch
from beartype.roar import BeartypeCallHintParamViolation
from jaxtyping import TypeCheckError

from models.description import latex
from models.recognition.layouts import Length
from tests.small_models import small_model


def test_a_wrong_shape_is_an_error() -> None:
    model: Any = small_model("vae")
    with pytest.raises(TypeCheckError):
        model.encode(torch.zeros(16))  # of one image, which must stand in a batch


def test_a_wrong_type_is_an_error_where_no_tensors_are() -> None:
    wrong: Any = ["z"]
    for call in (Length(1, {}).at, latex.loss):
        with pytest.raises(BeartypeCallHintParamViolation):
            call(wrong)
