"""Last known state: state templates, the newest values of their signals, and commands about them."""

from kaido.agent.state.last_known_state import LastKnownState
from kaido.agent.state.templates import HeldTemplates, StateTemplate

__all__ = ["HeldTemplates", "LastKnownState", "StateTemplate"]
