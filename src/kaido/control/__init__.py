"""What each vehicle should hold, against what it says it holds."""

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
