"""One module a page: a router, and what its template is given."""

from __future__ import annotations

from kaido.console.pages import fleet, sign_in, signals, vehicle

ALL = (sign_in, fleet, signals, vehicle)
"""The modules whose ``router`` the console serves."""
