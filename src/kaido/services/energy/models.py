"""Vehicle models as data: ours, and what a company adds or replaces."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kaido.errors import InvalidInputError
from kaido.services.energy.vehicle import Auxiliary, RoadLoad, Vehicle

OURS = Path(__file__).with_name("models.yaml")
COMPANY_FOLDER = "vehicle-models"
"""Below the data folder; a company's file in it is COMPANY.yaml."""

_HEAT_PUMP_SHARE = 0.5
_MOST_BYTES = 1_000_000
_Positive = Annotated[float, Field(gt=0, lt=1e7)]

UNKNOWN = Vehicle(
    name="electric car",
    mass_kg=1_900.0,
    road_load=RoadLoad.of_body(1_900.0, rolling=0.0085, drag_area_m2=0.70),
    assumed=("mass", "road load", "motor power", "heating"),
)
"""A middling battery-electric car, where nobody said which model a vehicle is."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Coefficients(_Strict):
    a_n: Annotated[float, Field(ge=0, lt=10_000)]
    b_n_per_mps: Annotated[float, Field(gt=-100, lt=1_000)] = 0.0
    c_n_per_mps2: Annotated[float, Field(ge=0, lt=50)]


class _Body(_Strict):
    rolling: Annotated[float, Field(gt=0, lt=0.1)]
    drag_area_m2: Annotated[float, Field(gt=0, lt=20)]


class _Entry(_Strict):
    also: list[str] = []
    mass_kg: _Positive
    road_load: _Coefficients | None = None
    body: _Body | None = None
    motor_w: _Positive | None = None
    usable_wh: _Positive | None = None
    heat_pump: bool | None = None
    base_w: Annotated[float, Field(ge=0, lt=20_000)] | None = None

    @model_validator(mode="after")
    def _one_road_load(self) -> _Entry:
        if (self.road_load is None) == (self.body is None):
            raise ValueError("give either road_load or body")
        return self

    def vehicle(self, name: str) -> Vehicle:
        """What the energy model takes."""
        if self.road_load is not None:
            load = RoadLoad(**self.road_load.model_dump())
        else:
            assert self.body is not None
            load = RoadLoad.of_body(self.mass_kg, self.body.rolling, self.body.drag_area_m2)
        usual = Auxiliary()
        auxiliary = Auxiliary(
            base_w=usual.base_w if self.base_w is None else self.base_w,
            heating_w_per_k=usual.heating_w_per_k * (_HEAT_PUMP_SHARE if self.heat_pump else 1.0),
        )
        left_out = {"motor power": self.motor_w, "usable energy": self.usable_wh, "heating": self.heat_pump}
        return Vehicle(
            name=name,
            mass_kg=self.mass_kg,
            road_load=load,
            motor_w=self.motor_w or 0.0,
            usable_wh=self.usable_wh,
            auxiliary=auxiliary,
            assumed=tuple(what for what, given in left_out.items() if given is None),
        )


def models(data: Path | None = None, company: str = "") -> dict[str, Vehicle]:
    """Every model by each of its names; a company's own come before ours.

    Args:
        data: the data folder.
        company: whose models; ours alone without.

    Raises:
        InvalidInputError: the company's file is wrong (says where).
    """
    found = dict(_read(OURS, 0))
    if data is not None and company:
        file = data / COMPANY_FOLDER / f"{company}.yaml"
        try:
            changed = file.stat().st_mtime_ns
        except FileNotFoundError:
            return found
        found |= _read(file, changed)
    return found


def vehicle_of(model: str | None, data: Path | None = None, company: str = "") -> Vehicle:
    """The model of that name, whatever its capitals; ``UNKNOWN`` where there is none."""
    known = {name.casefold(): vehicle for name, vehicle in models(data, company).items()}
    return known.get((model or "").strip().casefold(), UNKNOWN)


@lru_cache(maxsize=64)
def _read(file: Path, changed: int) -> dict[str, Vehicle]:
    del changed  # a file that changed is read again
    if file.stat().st_size > _MOST_BYTES:
        raise InvalidInputError(f"the vehicle models in {file.name}", why=f"the file has more than {_MOST_BYTES} bytes")
    return parse(file.read_text(encoding="utf-8", errors="replace"), file.name)


def parse(text: str, where: str) -> dict[str, Vehicle]:
    """The models of a file's text.

    Raises:
        InvalidInputError: it is no such file (says where).
    """
    try:
        content: Any = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInputError(
            f"the vehicle models in {where} are no YAML", why=" ".join(str(error).split())
        ) from error
    if not isinstance(content, dict):
        raise InvalidInputError(f"the vehicle models in {where}", why="they are no mapping of names")
    found: dict[str, Vehicle] = {}
    for name, fields in content.items():
        try:
            entry = _Entry.model_validate(fields)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InvalidInputError(
                f"the vehicle model '{name}' in {where}", why=f"{place}: {first['msg']}" if place else first["msg"]
            ) from error
        vehicle = entry.vehicle(str(name))
        found |= dict.fromkeys([str(name), *entry.also], vehicle)
    return found
