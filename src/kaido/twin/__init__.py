"""The twin: the last value of every signal of every vehicle, and questions to the whole fleet."""

from kaido.twin.client import TwinClient
from kaido.twin.columns import VEHICLE_SCHEMA, Twin

__all__ = ["VEHICLE_SCHEMA", "Twin", "TwinClient"]
