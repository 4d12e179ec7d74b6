"""A campaign in a file."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import yaml

from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 10_000_000


def read(file: Path) -> dict[str, Any]:
    """The document in a YAML or JSON file, as JSON: the times that YAML knows are written out.

    Raises:
        InvalidInputError: it cannot be read, or holds no mapping.
    """
    try:
        with file.open("rb") as handle:
            document = yaml.safe_load(handle.read(_MOST_BYTES))
        document = json.loads(json.dumps(document, default=_written))
    except OSError as error:
        raise InvalidInputError(f"the file {file} cannot be read", why=error.strerror or str(error)) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InvalidInputError(f"{file} is neither YAML nor JSON", why=" ".join(str(error).split())) from error
    if not isinstance(document, dict):
        raise InvalidInputError(f"{file} holds no campaign", fix="It is a mapping: name, signals, period …")
    return document


def _written(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be said in JSON")
