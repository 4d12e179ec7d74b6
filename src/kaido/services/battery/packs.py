"""Which battery a vehicle model has, as data: ours, and what a company adds or replaces."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from kaido.errors import InvalidInputError, NotFoundError
from kaido.services.battery.chemistry import Chemistry, chemistry
from kaido.services.energy.models import models

OURS = Path(__file__).with_name("batteries.yaml")
COMPANY_FOLDER = "battery-models"
"""Below the data folder; a company's file in it is COMPANY.yaml."""
_MOST_BYTES = 1_000_000


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    chemistry: str | None = None
    capacity_ah: Annotated[float, Field(gt=0, lt=1e5)] | None = None
    capacity_wh: Annotated[float, Field(gt=0, lt=1e7)] | None = None


class Pack(BaseModel):
    """The battery of a vehicle model when new: None is not known."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    chemistry: Chemistry
    capacity_ah: float | None = None
    capacity_wh: float | None = None


_FILE: TypeAdapter[dict[str, _Entry]] = TypeAdapter(dict[str, _Entry])


def pack(model: str | None, data: Path | None = None, company: str = "") -> Pack:
    """The battery of a vehicle model; of an unknown one the widest assumptions.

    Args:
        model: the vehicle's, as registered.
        data: the data folder.
        company: whose models come before ours.

    Raises:
        InvalidInputError: the company's file is wrong (says where).
    """
    entries = _read(OURS, OURS.stat().st_mtime_ns)
    if data is not None and company:
        file = data / COMPANY_FOLDER / f"{company}.yaml"
        if file.is_file():
            entries = entries | _read(file, file.stat().st_mtime_ns)
    entry = entries.get(model or "", _Entry())
    usable_wh = entry.capacity_wh
    if usable_wh is None and entry.capacity_ah is None:
        known = models(data, company).get(model or "")
        usable_wh = None if known is None else known.usable_wh
    return Pack(chemistry=chemistry(entry.chemistry), capacity_ah=entry.capacity_ah, capacity_wh=usable_wh)


@lru_cache(maxsize=64)
def _read(file: Path, changed: int) -> dict[str, _Entry]:
    del changed  # a key of the cache: another state of the file
    return read(file.read_bytes()[: _MOST_BYTES + 1], str(file))


def read(text: bytes, name: str) -> dict[str, _Entry]:
    """A file of batteries by vehicle model.

    Raises:
        InvalidInputError: it is too large, no YAML, or says what cannot be.
    """
    wrong = f"the file of batteries {name} cannot be used"
    if len(text) > _MOST_BYTES:
        raise InvalidInputError(wrong, why=f"it is larger than {_MOST_BYTES:,} bytes")
    try:
        entries = _FILE.validate_python(yaml.safe_load(text.decode()) or {})
        for entry in entries.values():
            chemistry(entry.chemistry)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInputError(wrong, why=f"it is no YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInputError(wrong, why=f"{' / '.join(map(str, first['loc']))}: {first['msg']}") from error
    except NotFoundError as error:
        raise InvalidInputError(wrong, why=error.what, fix=error.fix) from error
    return entries
