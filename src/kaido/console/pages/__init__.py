"""One module a page: a router, and what its template is given."""

from __future__ import annotations

from kaido.console.pages import (
    account,
    audit,
    campaign,
    campaign_editor,
    campaigns,
    certificates,
    charge,
    command,
    command_form,
    command_policy,
    commands,
    energy,
    fleet,
    operations,
    quarantine,
    sign_in,
    signals,
    tokens,
    trip,
    users,
    vehicle,
)

ALL = (
    sign_in,
    fleet,
    signals,
    vehicle,
    trip,
    charge,
    campaigns,
    campaign_editor,
    campaign,
    commands,
    command_form,
    command_policy,
    command,
    energy,
    operations,
    quarantine,
    certificates,
    audit,
    account,
    users,
    tokens,
)
"""The modules whose ``router`` the console serves."""
