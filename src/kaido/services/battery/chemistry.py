"""What is known of a battery by its chemistry, as data (``chemistries.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import yaml

from kaido.errors import NotFoundError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Chemistry:
    """One chemistry; see the head of ``chemistries.yaml``.

    Attributes:
        soc_error: (state of charge %, standard deviation in points) ascending.
        voltage_spread: share of the mean voltage, one standard deviation.
        fade: share of the capacity a year, and its standard deviation.
    """

    name: str
    about: str
    soc_error: tuple[tuple[float, float], ...]
    voltage_spread: float
    fade: tuple[float, float]

    def soc_error_at(self, percent: Floats) -> Floats:
        """How far a shown state of charge is from the true one: standard deviations in points."""
        nodes, errors = zip(*self.soc_error, strict=True)
        found: Floats = np.interp(percent, nodes, errors)
        return found


@cache
def chemistries() -> dict[str, Chemistry]:
    """All of them by name."""
    text = files("kaido.services.battery").joinpath("chemistries.yaml").read_text("utf-8")
    return {
        name: Chemistry(
            name=name,
            about=entry["about"],
            soc_error=tuple((float(percent), float(error)) for percent, error in entry["soc_error"]),
            voltage_spread=float(entry["voltage_spread"]),
            fade=(float(entry["fade"][0]), float(entry["fade"][1])),
        )
        for name, entry in yaml.safe_load(text).items()
    }


def chemistry(name: str | None) -> Chemistry:
    """The chemistry of that name; what holds for any where none is named.

    Raises:
        NotFoundError: there is none of that name.
    """
    known = chemistries()
    try:
        return known[name or UNKNOWN]
    except KeyError:
        raise NotFoundError.of("chemistry", str(name), known, fix=f"They are {', '.join(known)}") from None
