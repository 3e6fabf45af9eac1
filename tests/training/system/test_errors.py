import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.system.errors import UserError, explain, one_of


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    batch_size: int = Field(100, ge=1)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"batch_size": 0}, "batch size should be greater than or equal to 1, but it is 0."),
        ({"batchsize": 7}, "There is no setting named 'batchsize': check its spelling."),
    ],
)
def test_a_wrong_setting_is_explained_in_one_sentence(settings: dict[str, int], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)
    assert explain(caught.value) == sentence


def test_choices_are_listed_as_in_a_sentence() -> None:
    assert one_of(["a"]) == "a"
    assert one_of(iter(["a", "b"])) == "a or b"
    assert one_of({"a": 1, "b": 2, "c": 3}) == "a, b or c"


def test_a_users_error_is_one_printable_line_whatever_a_file_is_called() -> None:
    assert str(UserError("There is no file 'a\nb\x1b[31m' here.")) == "There is no file 'a b [31m' here."
    assert str(UserError("β-VAE: 3 % off.")) == "β-VAE: 3 % off."
