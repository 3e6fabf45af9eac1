"""The settings of one training run: validated once, used by the command line, the pages and the run folder."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError, field_validator

from models.family import Family, ModelConfig
from models.registry import FAMILIES, PRESETS, family_of
from training.data.registry import DATA_SETS, best_data_set, of_kind
from training.system.device import Precision, best_device, best_precision
from training.system.errors import UserError, explain, one_of

__all__ = ["TrainConfig"]


class TrainConfig(BaseModel):
    """Everything that decides a run's numbers. Two runs of equal configs on one machine are equal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._=-]{0,59}$", description="the recipe this run started from; ids begin with it"
    )
    family: str
    data: str
    model: SerializeAsAny[ModelConfig]
    steps: int = Field(
        ge=1,
        le=10_000_000,
        title="Steps",
        description="One step: one batch, one move of every weight.",
        json_schema_extra={"step": 500},
    )
    batch_size: int = Field(
        100,
        ge=1,
        le=10_000,
        title="Batch size",
        description="Images in one step: their gradients are averaged. The homework takes 100.",
    )
    learning_rate: float = Field(
        1e-3,
        gt=0,
        le=1,
        title="Learning rate",
        description="How far Adam moves each weight in a step. The homework takes 0.001; far above it the weights jump "
        "about and never settle.",
        json_schema_extra={"step": 5e-4},
    )
    cooldown: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Cooldown",
        description="The last share of the steps, in which the learning rate falls to 0 and the weights come to rest. "
        "The homework takes 0: its weights still move at the end.",
        json_schema_extra={"step": 0.05},
    )
    warmup: int = Field(
        0,
        ge=0,
        le=10_000_000,
        title="KL warm-up",
        description="The first steps, in which the weight of the KL rises from 0 to its value: codes may first learn "
        "to say something. The homework takes 0.",
        json_schema_extra={"step": 500},
    )
    early_stop: int = Field(
        0,
        ge=0,
        le=10_000,
        title="Early stop",
        description="It ends once so many looks at the held-out images, one every 250 steps, brought no lower NELBO. "
        "0 never ends early.",
    )
    seed: int = Field(
        0,
        ge=0,
        lt=2**32,
        title="Seed",
        description="Decides the first weights, the order of the images and all noise: one seed, one run.",
    )
    precision: Precision = Field("float32", description="of the matrix products; losses are float32")
    device: Literal["cpu", "cuda", "mps"] = "cpu"

    @field_validator("model", mode="before")
    @classmethod
    def _of_its_family(cls, value: Any, info: Any) -> Any:
        family = FAMILIES.get(info.data.get("family", ""))
        if family is None:
            raise ValueError(f"must belong to one of the families {one_of(FAMILIES)}")
        model = family.config.model_validate(value.model_dump() if isinstance(value, ModelConfig) else value)
        if data := DATA_SETS.get(info.data.get("data", "")):
            last = len(data.classes) - 1
            if model.label_classes not in (0, last + 1):
                raise ValueError(f"with labels must have y = {last + 1}: the {data.plural} are labelled 0 to {last}")
        return model

    @field_validator("data")
    @classmethod
    def _for_its_family(cls, value: str, info: Any) -> str:
        family = FAMILIES.get(info.data.get("family", ""))
        if family is None:
            return value
        fitting = {data.name: data for data in of_kind(family.images)}
        if value not in fitting:
            raise ValueError(f"should be {one_of(fitting)} for the family {family.title}")
        return value

    @property
    def family_entry(self) -> Family:
        return FAMILIES[self.family]

    @classmethod
    def from_preset(cls, preset: str, **changes: Any) -> "TrainConfig":
        """The preset's recipe on this machine, with `changes` to any field; a change of None is none.

        `model` may name some of the architecture's settings; the others stay the preset's, and its pixels the data
        set's.

        Raises:
            UserError: no such preset, no such field, or a value out of range.
        """
        if preset not in PRESETS:
            raise UserError(f"There is no model {preset!r}: choose {one_of(PRESETS)}.")
        recipe = PRESETS[preset]
        device = best_device().type
        settings: dict[str, Any] = {
            "preset": preset,
            "family": family_of(preset).name,
            "model": recipe.model,
            "data": best_data_set(family_of(preset).images).name,
            "steps": recipe.steps,
            "batch_size": recipe.batch_size,
            "learning_rate": recipe.learning_rate,
            "cooldown": recipe.cooldown,
            "precision": best_precision(device),
            "device": device,
        }
        settings.update({name: value for name, value in changes.items() if value is not None})
        sizes = {"pixels": data.pixels} if (data := DATA_SETS.get(settings["data"])) else {}
        own = recipe.model.model_dump()
        own |= {name: size for name, size in sizes.items() if name in own}
        if settings["model"] is recipe.model:
            settings["model"] = own
        elif isinstance(settings["model"], dict):
            settings["model"] = own | settings["model"]
        try:
            return cls.model_validate(settings)
        except ValidationError as error:
            raise UserError(explain(error)) from error
