"""Commands in the car: actuators, and what becomes of a request."""

from kaido.agent.commands.actuators import Actuator, Actuators, Order
from kaido.agent.commands.desk import Commands
from kaido.agent.commands.outcomes import CommandError, Outcome, Reason

__all__ = ["Actuator", "Actuators", "CommandError", "Commands", "Order", "Outcome", "Reason"]
