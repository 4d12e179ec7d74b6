"""What a campaign can be, and what can become of it. Pure rules."""

from __future__ import annotations

import enum

from kaido.errors import ConflictError


class State(enum.StrEnum):
    """What a campaign does."""

    DRAFT = "draft"
    """It is kept, and no vehicle has it."""
    RUNNING = "running"
    """The vehicles of its waves so far hold it."""
    PAUSED = "paused"
    """A limit was passed: vehicles drop it until somebody resumes it."""
    SUSPENDED = "suspended"
    """Somebody took it away for a while."""
    STOPPED = "stopped"
    """It has ended for good."""
    EXPIRED = "expired"
    """Its time is over; it can be extended."""


class Action(enum.StrEnum):
    """What changes a campaign, as its history calls it."""

    CREATED = "created"
    STARTED = "started"
    EDITED = "edited"
    EXTENDED = "extended"
    ADVANCED = "advanced"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    STOPPED = "stopped"
    DELETED = "deleted"
    PAUSED = "paused"
    """By itself: a limit was passed."""
    EXPIRED = "expired"
    """By itself."""


_KEPT = {state: state for state in (State.DRAFT, State.RUNNING, State.PAUSED, State.SUSPENDED)}
NEXT: dict[Action, dict[State, State]] = {
    Action.STARTED: {State.DRAFT: State.RUNNING},
    Action.EDITED: _KEPT,
    Action.EXTENDED: {**_KEPT, State.EXPIRED: State.RUNNING},
    Action.ADVANCED: {State.RUNNING: State.RUNNING},
    Action.SUSPENDED: {State.RUNNING: State.SUSPENDED, State.PAUSED: State.SUSPENDED},
    Action.RESUMED: {State.PAUSED: State.RUNNING, State.SUSPENDED: State.RUNNING},
    Action.STOPPED: {state: State.STOPPED for state in State if state is not State.STOPPED},
    Action.DELETED: {state: state for state in State},
    Action.PAUSED: {State.RUNNING: State.PAUSED},
    Action.EXPIRED: {**dict.fromkeys(_KEPT, State.EXPIRED)},
}
"""By action, from which state it leads to which."""

_REACHED = {
    Action.STARTED: State.RUNNING,
    Action.SUSPENDED: State.SUSPENDED,
    Action.RESUMED: State.RUNNING,
    Action.STOPPED: State.STOPPED,
    Action.PAUSED: State.PAUSED,
    Action.EXPIRED: State.EXPIRED,
}
"""Actions that change nothing where the campaign is so already."""

_VERBS = {
    Action.STARTED: "start",
    Action.EDITED: "edit",
    Action.EXTENDED: "extend",
    Action.ADVANCED: "advance",
    Action.SUSPENDED: "suspend",
    Action.RESUMED: "resume",
    Action.STOPPED: "stop",
    Action.DELETED: "delete",
}


def is_done(action: Action, state: State) -> bool:
    """Whether the campaign is already what the action would make of it."""
    return _REACHED.get(action) is state


def after(action: Action, state: State, name: str) -> State:
    """The state behind an action.

    Raises:
        ConflictError: a campaign in this state cannot do that.
    """
    found = NEXT[action].get(state)
    if found is None:
        possible = [verb for one, verb in _VERBS.items() if state in NEXT[one]]
        raise ConflictError(
            f"the campaign '{name}' cannot be {action.value}",
            why=f"it is {state.value}",
            fix=f"What can be done now: {', '.join(f'kaido campaign {verb}' for verb in possible)}",
        )
    return found
