"""What can be commanded in a simulated car. Its next frames show it, until it is set again or the program ends."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from kaido.agent.commands import Actuators, CommandError, Reason
from kaido.sim.signals import LOCKS

if TYPE_CHECKING:
    from kaido.agent.commands import Order
    from kaido.sim.source import SimulatedSource

MOVING = 0x1_0001
"""Reason code: not while the car moves. Of those that a manufacturer numbers."""

TIMER_MODE = "Vehicle.Powertrain.TractionBattery.Charging.Timer.Mode"
TIMER_TIME = "Vehicle.Powertrain.TractionBattery.Charging.Timer.Time"
TIMER_MODES = ("INACTIVE", "START_TIME", "END_TIME")
CHARGE_LIMIT = "Vehicle.Powertrain.TractionBattery.Charging.ChargeLimit"
SIMPLE = (
    "Vehicle.Cabin.HVAC.IsAirConditioningActive",
    "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature",
    "Vehicle.Body.Lights.Beam.Low.IsOn",
    "Vehicle.Body.Lights.Beam.High.IsOn",
    "Vehicle.Body.Lights.Parking.IsOn",
    "Vehicle.Body.Lights.Hazard.IsSignaling",
)


def of_car(source: SimulatedSource) -> Actuators:
    """The actuators of the car on whose bus ``source`` is."""

    async def apply(order: Order) -> None:
        if isinstance(order.value, str):
            raise CommandError(Reason.ARGUMENT_TYPE_MISMATCH, "it takes no text")
        source.set(order.path, float(order.value))

    async def lock(order: Order) -> None:
        if not order.value and source.now("Vehicle.IsMoving"):
            raise CommandError(MOVING, "the car moves: it stays locked")
        await apply(order)

    actuators = Actuators()
    actuators.register(TIMER_MODE, _set_mode)
    actuators.register(TIMER_TIME, _set_time)
    for path in SIMPLE:
        actuators.register(path, apply)
    for path in LOCKS:
        actuators.register(path, lock)
    actuators.register(CHARGE_LIMIT, apply, least=50, most=100)
    return actuators


def _set_mode(order: Order) -> str:
    if order.value not in TIMER_MODES:
        raise CommandError(Reason.ARGUMENT_OUT_OF_RANGE, f"there is {', '.join(TIMER_MODES)}")
    return f"the charging timer is {order.value}"


def _set_time(order: Order) -> str:
    try:
        at = datetime.fromisoformat(str(order.value))
    except ValueError:
        raise CommandError(Reason.ARGUMENT_OUT_OF_RANGE, "it is no time of ISO 8601") from None
    return f"the charging timer is at {at.isoformat()}"
