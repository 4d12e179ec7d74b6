"""Sync ids: the name of a document's content. Equal content, equal id; any edit, another id."""

from __future__ import annotations

import hashlib


def sync_id(name: str, content: bytes) -> str:
    """A readable id that changes with the content: ``name@16 hex digits``."""
    return f"{name}@{hashlib.blake2b(content, digest_size=8).hexdigest()}"


_STATE = "state:"


def state_sync_id(name: str, content: bytes, manifest: str) -> str:
    """The id of a state template for one decoder manifest: ``state:doors@16 hex digits/leaf@16 hex digits``.

    It is told from other ids by how it begins, and names the manifest: LastKnownStateData, which comes back with it,
    says nowhere else what its signal ids mean.
    """
    return f"{_STATE}{sync_id(name, content)}/{manifest}"


def is_state(identifier: str) -> bool:
    """Whether it is one of :func:`state_sync_id`."""
    return identifier.startswith(_STATE)


def manifest_of_state(identifier: str) -> str:
    """The manifest in an id of :func:`state_sync_id`; empty where it is none."""
    return identifier.partition("/")[2] if is_state(identifier) else ""
