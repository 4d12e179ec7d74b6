"""The Python client: Kaido's public API, answering in Polars and Arrow."""

from __future__ import annotations

from kaido.client.client import Client

__all__ = ["Client"]
