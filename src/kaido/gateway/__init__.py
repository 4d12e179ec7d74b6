"""The door for vehicles: MQTT 5 over mutual TLS, acknowledged when the journal has it on disk."""

from kaido.gateway.gateway import Gateway

__all__ = ["Gateway"]
