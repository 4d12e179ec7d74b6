"""What each vehicle should hold, against what it says it holds."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaido.control.campaigns import Campaigns
    from kaido.control.history import History
    from kaido.control.life import Action, State
    from kaido.control.model import By, Campaign, Change, Version
    from kaido.control.spec import CampaignSpec, read_spec

__all__ = [
    "Action",
    "By",
    "Campaign",
    "CampaignSpec",
    "Campaigns",
    "Change",
    "History",
    "State",
    "Version",
    "read_spec",
]

_WHERE = {
    "Campaigns": "kaido.control.campaigns",
    "History": "kaido.control.history",
    "Action": "kaido.control.life",
    "State": "kaido.control.life",
    "By": "kaido.control.model",
    "Campaign": "kaido.control.model",
    "Change": "kaido.control.model",
    "Version": "kaido.control.model",
    "CampaignSpec": "kaido.control.spec",
    "read_spec": "kaido.control.spec",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: a process that reads one kind of records needs none of the rest."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)
