"""What a state template asks for, as a person writes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kaido.control.quantities import Duration
from kaido.control.targets import Targets, check_ids
from kaido.errors import InvalidInputError, nearest_names

MAX_SIGNALS = 10_000
MAX_PERIOD_MS = 24 * 3_600_000

Path = Annotated[str, Field(min_length=1, max_length=512)]


class StateTemplateSpec(BaseModel):
    """Signals whose newest values are wanted: every ``period``, or whenever one changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$", description="its name in its company")
    signals: list[Path] = Field(min_length=1, max_length=MAX_SIGNALS, description="VSS paths, or patterns with * and ?")
    on_change: Literal[True] | None = Field(None, description="whenever a value differs from the one before")
    period: Annotated[Duration, Field(ge=1, le=MAX_PERIOD_MS)] | None = Field(
        None, description="every so often, what came since: 500ms, 1s, 2min"
    )
    targets: Targets = Field("all", description="`all`, a list of vehicle ids, or model, market, platform, where")

    @model_validator(mode="after")
    def _sensible(self) -> StateTemplateSpec:
        if (self.on_change is None) == (self.period is None):
            raise ValueError("it has either `on_change: true` or `period`")
        check_ids(self.targets)
        return self

    def to_document(self) -> dict[str, Any]:
        """The template as JSON, without what is not said."""
        return self.model_dump(mode="json", exclude_none=True)


def read_state_spec(document: object) -> StateTemplateSpec:
    """The state template in a JSON-like document.

    Raises:
        InvalidInputError: a field is missing, unknown or cannot be; the error names it.
    """
    if not isinstance(document, dict):
        raise InvalidInputError("a state template is a mapping of fields", fix=_FIELDS)
    try:
        return StateTemplateSpec.model_validate(document)
    except ValidationError as error:
        raise _explained(error) from error


_FIELDS = f"Its fields: {', '.join(StateTemplateSpec.model_fields)}"


def _explained(error: ValidationError) -> InvalidInputError:
    # A misspelt field is also a missing one: the misspelling is what to show.
    errors = error.errors(include_url=False)
    first = min(errors, key=lambda one: one["type"] != "extra_forbidden")
    first = next((one for one in errors if one["loc"] and one["loc"][-1] == "where"), first)
    why = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return InvalidInputError("the state template", why=why)
    field = str(first["loc"][0])
    if field == "targets":
        if first["loc"][-1] == "where":
            return InvalidInputError("the state template's condition on vehicles", why=why)
        why = "they are `all`, a list of vehicle ids, or any of model, market, platform, where"
        return InvalidInputError("the state template's targets cannot be read", why=why)
    if first["type"] == "extra_forbidden":
        nearest = nearest_names(field, StateTemplateSpec.model_fields)
        fix = f"Did you mean {' or '.join(nearest)}?" if nearest else _FIELDS
        return InvalidInputError(f"a state template has no field '{field}'", fix=fix)
    if first["type"] == "missing":
        return InvalidInputError(f"the state template's field '{field}' is missing", fix=_FIELDS)
    return InvalidInputError(f"the state template's {field}", why=why)
