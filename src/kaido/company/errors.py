"""What can be wrong with an identity."""

from __future__ import annotations

from kaido.errors import ForbiddenError


class IdentityError(ForbiddenError):
    """A certificate that does not make its holder a vehicle of ours.

    Args:
        reason: one word for counters and logs: ``unknown_issuer``, ``expired``, ``revoked``…
        what: the same for people.
    """

    code = "identity"

    def __init__(self, reason: str, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what, why=why, fix=fix)
        self.reason = reason
