"""What the gateway needs of the rooms beside it. ``kaido.company.Directory`` and ``kaido.journal.Journal`` have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from kaido.company import Identity, VehicleState


class Directory(Protocol):
    """Who may connect, held in memory."""

    def refresh(self) -> bool:
        """Read what changed; called from a thread."""

    def authorities(self) -> list[tuple[str, str]]:
        """Every (company, PEM certificate)."""

    def identify(self, der: bytes) -> Identity:
        """Whose certificate it is. Raises IdentityError."""

    def vehicle(self, company: str, id: str, /) -> VehicleState:  # noqa: A002  # it is what the field calls it
        """Whether it may connect."""

    def certificate_revoked(self, company: str, serial_hex: str) -> bool:
        """Whether it is revoked."""


class Journal(Protocol):
    """What keeps payloads."""

    @property
    def connected(self) -> bool:
        """Whether it is there now."""

    async def publish_up(
        self,
        company: str,
        partition: int,
        batch: pa.RecordBatch,
        *,
        message_id: str,
        timeout: float = ...,  # noqa: ASYNC109  # the journal's own
    ) -> int:
        """Append a batch of UP_SCHEMA; once for each ``message_id``. Raises UnavailableError."""
