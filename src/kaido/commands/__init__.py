"""Commands to vehicles: recorded, held against the policy, delivered, and ended with exactly one outcome."""

from kaido.commands.model import Command, Execution, Issuer, Key, Order, Outcome, State, Transition
from kaido.commands.sending import Commands, nudge

__all__ = [
    "Command",
    "Commands",
    "Execution",
    "Issuer",
    "Key",
    "Order",
    "Outcome",
    "State",
    "Transition",
    "nudge",
]
