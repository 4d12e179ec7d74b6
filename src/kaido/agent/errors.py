"""What can keep a vehicle from its cloud, or a scheme from running."""

from __future__ import annotations

from kaido.errors import InvalidInputError, UnavailableError


class LinkError(UnavailableError):
    """The connection could not be made, or it ended."""

    code = "link_lost"


class LinkRefusedError(LinkError):
    """The cloud answered, and said no. Trying again without a change will not help."""

    code = "link_refused"


class UnusableError(InvalidInputError):
    """A scheme or condition that this agent cannot run.

    Args:
        reason: a word for counters.
        why: a sentence for the log.
    """

    code = "unusable"

    def __init__(self, reason: str, why: str) -> None:
        super().__init__("the scheme cannot be run", why=why)
        self.reason = reason

    def __reduce__(self) -> tuple[type[UnusableError], tuple[str, str]]:
        return type(self), (self.reason, self.why)
