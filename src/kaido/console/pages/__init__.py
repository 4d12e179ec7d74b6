"""One module a page: a router, and what its template is given."""

from __future__ import annotations

from kaido.console.pages import sign_in, signals

ALL = (sign_in, signals)
"""The modules whose ``router`` the console serves."""
