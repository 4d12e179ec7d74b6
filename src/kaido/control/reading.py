"""What is wrong with a campaign's document, in words; every error names the path of its field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kaido.errors import InvalidInputError, KaidoError, nearest_names

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_UNIONS = {"targets", "rollout"}
"""Fields whose errors come once for every form that they could have."""


def not_a_campaign(model: type[BaseModel]) -> InvalidInputError:
    """The error of what is no mapping."""
    return InvalidInputError("a campaign is a mapping of fields", fix=_fields(model))


def explained(error: ValidationError, model: type[BaseModel]) -> InvalidInputError:
    """The first error of a validation, as a person wants to read it."""
    # A misspelt field is also a missing one: the misspelling is what to show.
    first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    if not first["loc"]:
        return InvalidInputError("the campaign", why=first["msg"].removeprefix("Value error, "))
    if first["loc"][0] in _UNIONS:
        return _explained_vehicles(error, model)
    if first["type"] == "extra_forbidden":
        return _unknown_field(first["loc"], model)
    field = field_path(first["loc"])
    if first["type"] == "missing":
        whose = _model_at(first["loc"], model)
        return InvalidInputError(f"the campaign's field '{field}' is missing", fix=_fields(whose)).placed(field)
    return _wrong_value(field, first)


def _wrong_value(field: str, first: ErrorDetails) -> InvalidInputError:
    if first["type"].startswith("datetime"):
        why = f"{first['input']!r:.60} is no time"
        found = InvalidInputError(f"the campaign's {field}", why=why, fix="Write it like 2026-05-01T00:00:00Z")
        return found.placed(field)
    cause = getattr(first.get("ctx", {}).get("error"), "__cause__", None)
    if isinstance(cause, KaidoError):
        found = InvalidInputError(f"the campaign's {field}, {cause.what}", why=cause.why, fix=cause.fix)
        return found.placed(field, cause.column)
    return InvalidInputError(f"the campaign's {field}", why=first["msg"].removeprefix("Value error, ")).placed(field)


def field_path(location: tuple[int | str, ...]) -> str:
    """``signals[2].window``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return re.sub(r"\.\[key\]$", "", "".join(parts).removeprefix("."))


def _unknown_field(location: tuple[int | str, ...], model: type[BaseModel]) -> InvalidInputError:
    *above, name = location
    known = list(_model_at(tuple(above), model).model_fields)
    nearest = nearest_names(str(name), known)
    fix = f"Did you mean {' or '.join(nearest)}?" if nearest else f"Its fields: {', '.join(known)}"
    whose = f"the campaign's {field_path(tuple(above))}" if above else "a campaign"
    return InvalidInputError(f"{whose} has no field '{name}'", fix=fix).placed(field_path(location))


def _model_at(location: tuple[int | str, ...], model: type[BaseModel]) -> type[BaseModel]:
    """The model of a part of the document."""
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            model = _inner(model.model_fields[part].annotation) or model
    return model


def _inner(annotation: Any) -> type[BaseModel] | None:
    if hasattr(annotation, "model_fields"):
        found: type[BaseModel] = annotation
        return found
    return next((model for one in getattr(annotation, "__args__", ()) if (model := _inner(one))), None)


def _explained_vehicles(error: ValidationError, model: type[BaseModel]) -> InvalidInputError:
    """What is wrong with the targets or the roll-out."""
    errors = error.errors(include_url=False)
    for one in errors:
        if one["type"] == "extra_forbidden" and not {"targets", "vehicles"} & set(one["loc"]):
            return _unknown_field(one["loc"], model)
    about = next((one for one in errors if one["loc"][-1] == "where"), errors[0])
    why = about["msg"].removeprefix("Value error, ")
    field = field_path(tuple(part for part in about["loc"] if isinstance(part, int) or part.islower()))
    if about["loc"][-1] == "where":
        cause = getattr(about.get("ctx", {}).get("error"), "__cause__", None)
        return InvalidInputError("the campaign's condition on vehicles", why=why).placed(
            field, getattr(cause, "column", None)
        )
    if about["loc"][0] == "targets":
        why = "they are `all`, a list of vehicle ids, or any of model, market, platform, where"
        return InvalidInputError("the campaign's targets cannot be read", why=why).placed("targets")
    place = ".".join(str(part) for part in about["loc"] if isinstance(part, int) or part.isidentifier())
    return InvalidInputError(f"the campaign's {place}", why=why).placed(field)


def _fields(model: type[BaseModel]) -> str:
    return f"Its fields: {', '.join(model.model_fields)}"
