"""Signatures that came ahead of their commands, and the verdict on a command."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from kaido.agent.commands.outcomes import CommandError, Reason
from kaido.wire import signing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from kaido.agent.commands.request import Command

MOST = 256
"""Signatures that wait for their command; the oldest goes first."""


class Signatures:
    """What a vehicle asks of a command before it acts.

    Args:
        vehicle: its id.
        key: the company's; without one, commands need no signature.
    """

    def __init__(self, vehicle: str, key: Ed25519PublicKey | None) -> None:
        self._vehicle = vehicle
        self._key = key
        self._waiting: OrderedDict[str, bytes] = OrderedDict()

    def keep(self, command_id: str, signature: bytes) -> None:
        """A signature came. It stays for the same request to come again."""
        if self._key is None or len(signature) != signing.SIGNATURE_BYTES:
            return
        self._waiting[command_id] = signature
        self._waiting.move_to_end(command_id)
        if len(self._waiting) > MOST:
            self._waiting.popitem(last=False)

    def check(self, command: Command, payload: bytes) -> None:
        """Whether the company wants this command of this vehicle.

        Raises:
            CommandError: it cannot be known.
        """
        if self._key is None:
            return
        signature = self._waiting.get(command.id)
        if signature is None:
            raise _denied("it is not signed, and this vehicle takes only signed commands")
        if not signing.is_signed(self._key, self._vehicle, command.id, payload, signature):
            raise _denied("its signature is not the company's for this vehicle, this command and this content")
        if not command.timeout_ms or not command.issued_ms:
            raise _denied("it is signed, but does not say when it ends: it could be sent again at any time")


def _denied(why: str) -> CommandError:
    return CommandError(Reason.ACCESS_DENIED, why)
