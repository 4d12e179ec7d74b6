"""``--market`` and ``--units``: in which units a command shows numbers. JSON stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.errors import NotFoundError
from kaido.services.markets import METRIC, Reading, market, markets, unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.cli.context import Session


def options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command ``--market`` and ``--units``; its function gets ``market`` and ``units``, see ``reading``."""
    function = click.option(
        "--units", metavar="UNIT", help="Of consumption: kWh/100 km, km/kWh, kWh/100 mi, mi/kWh, MPGe, Wh/km."
    )(function)
    return click.option(
        "--market", metavar="CODE", help="Numbers as people read them there: US, JP, CN.  [default: the vehicle's]"
    )(function)


def reading(session: Session, vehicle: str | None, code: str | None, units: str | None) -> Reading:
    """How to show numbers: as the named market does, else the vehicle's, else in km and Wh/km.

    Args:
        session: of the command.
        vehicle: whom the numbers are about, if it is one.
        code: the market that was named.
        units: the unit of consumption that was named; it also decides between miles and kilometres.

    Raises:
        NotFoundError: there is no such market or unit.
    """
    found = market(code.upper()).reading if code else _of_vehicle(session, vehicle)
    return found if units is None else found.by(unit(units, "consumption"))


def _of_vehicle(session: Session, vehicle: str | None) -> Reading:
    if vehicle is None:
        return METRIC
    try:
        shown: dict[str, Any] = session.client.get(f"/v1/vehicles/{quote(vehicle, safe='')}")
    except NotFoundError:
        return METRIC
    known = markets().get(shown.get("market") or "")
    return known.reading if known else METRIC
