"""What each vehicle should hold, against what it says it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.runtime import lazy

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

__getattr__ = lazy.parts(
    __name__,
    {
        "Campaigns": "campaigns",
        "History": "history",
        "Action": "life",
        "State": "life",
        "By": "model",
        "Campaign": "model",
        "Change": "model",
        "Version": "model",
        "CampaignSpec": "spec",
        "read_spec": "spec",
    },
)  # a process that reads one kind of records needs none of the rest
