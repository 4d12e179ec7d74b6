"""Where a vehicle's energy goes, what its own trips say of it, and how far it will go."""

from __future__ import annotations

from kaido.services.energy.fit import FACTORS, Fit, fit
from kaido.services.energy.forecast import Capacity, Forecast, OnRoute, Quantiles, forecast
from kaido.services.energy.models import models, vehicle_of
from kaido.services.energy.route import Route
from kaido.services.energy.trips import Trips
from kaido.services.energy.vehicle import RoadLoad, Vehicle

__all__ = [
    "FACTORS",
    "Capacity",
    "Fit",
    "Forecast",
    "OnRoute",
    "Quantiles",
    "RoadLoad",
    "Route",
    "Trips",
    "Vehicle",
    "fit",
    "forecast",
    "models",
    "vehicle_of",
]
