"""Load: tens of thousands of vehicles from one process, replaying payloads that were built before."""

from __future__ import annotations

from kaido.sim.load.client import Connected, Figures, LoadClient, LoadVehicle, Server
from kaido.sim.load.payload import Payload, opaque, vehicle_data, wavy_samples

__all__ = [
    "Connected",
    "Figures",
    "LoadClient",
    "LoadVehicle",
    "Payload",
    "Server",
    "opaque",
    "vehicle_data",
    "wavy_samples",
]
