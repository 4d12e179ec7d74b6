"""The key by which a company signs its commands, kept beside the key of its authority."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kaido.errors import UnavailableError
from kaido.runtime import folders
from kaido.wire import signing

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.runtime.settings import Settings


class CommandKeys:
    """Ed25519 keys of companies."""

    def __init__(self, settings: Settings) -> None:
        self._secrets = settings.data / "secrets"
        self._read: dict[str, Ed25519PrivateKey] = {}

    def file(self, company: str) -> Path:
        """Where a company's key lies, for its owner alone (0600)."""
        return self._secrets / company / "command.key"

    def key(self, company: str) -> Ed25519PrivateKey:
        """A company's key.

        Raises:
            UnavailableError: its file cannot be read; nothing is signed by another then.
        """
        if company not in self._read:
            self._read[company] = _load(self.file(company))
        return self._read[company]

    def ensure(self, company: str) -> None:
        """Make a company's key, unless it has one: vehicles on the road know only that one."""
        if not self.file(company).exists():
            self._make(self.file(company))

    def public(self, company: str) -> str | None:
        """The public half of a company's key, PEM; None where it has none yet."""
        return signing.pem_of(self.key(company).public_key()) if self.file(company).exists() else None

    def _make(self, path: Path) -> None:
        folders.make(self._secrets).chmod(0o700)
        content = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        folders.write_atomically(path, content, mode=0o600)


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        why = (error.strerror or "") if isinstance(error, OSError) else str(error)
        raise UnavailableError(
            f"the key for commands ({path}) cannot be read", why=why, fix="Put its back-up in its place"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnavailableError(f"{path} holds another kind of key", fix="Put its back-up in its place")
    return key
