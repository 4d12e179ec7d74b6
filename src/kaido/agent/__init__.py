"""In the car: buses, decoding, campaigns, the outbox, the link to the cloud."""

from kaido.agent.agent import Agent
from kaido.agent.commands.actuators import Actuators
from kaido.agent.config import AgentConfig, Endpoint
from kaido.agent.errors import LinkError, LinkRefusedError
from kaido.agent.software import Software
from kaido.agent.source import MemorySource, Source
from kaido.agent.summary import Summary

__all__ = [
    "Actuators",
    "Agent",
    "AgentConfig",
    "Endpoint",
    "LinkError",
    "LinkRefusedError",
    "MemorySource",
    "Software",
    "Source",
    "Summary",
]
