"""The control plane's records in SQL: SQLite in the data folder, or PostgreSQL by URL."""

from kaido.store.store import Store

__all__ = ["Store"]
