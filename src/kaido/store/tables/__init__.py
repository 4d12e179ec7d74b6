"""The SQL tables of the control plane. ``migrations/`` makes them; a test holds the two against each other."""

from kaido.store.tables.base import Base, ChangeRow, Counted, JsonText, UtcDateTime
from kaido.store.tables.campaigns import (
    CampaignChangeRow,
    CampaignConditionRow,
    CampaignMemberRow,
    CampaignRow,
    CampaignUsageRow,
    CampaignVersionRow,
    CheckinRow,
    StateTemplateRow,
)
from kaido.store.tables.catalog import ManifestRow, SignalRow
from kaido.store.tables.commands import CommandPolicyRow, CommandRow, ExecutionRow, TransitionRow
from kaido.store.tables.companies import AuthorityRow, CertificateRow, CompanyRow, VehicleRow
from kaido.store.tables.people import POSITION_LOOK, AuditRow, TokenRow, UserRow, WebSessionRow
from kaido.store.tables.work import GatewayRow, ImportRow, PresenceRow, TariffRow

__all__ = [
    "POSITION_LOOK",
    "AuditRow",
    "AuthorityRow",
    "Base",
    "CampaignChangeRow",
    "CampaignConditionRow",
    "CampaignMemberRow",
    "CampaignRow",
    "CampaignUsageRow",
    "CampaignVersionRow",
    "CertificateRow",
    "ChangeRow",
    "CheckinRow",
    "CommandPolicyRow",
    "CommandRow",
    "CompanyRow",
    "Counted",
    "ExecutionRow",
    "GatewayRow",
    "ImportRow",
    "JsonText",
    "ManifestRow",
    "PresenceRow",
    "SignalRow",
    "StateTemplateRow",
    "TariffRow",
    "TokenRow",
    "TransitionRow",
    "UserRow",
    "UtcDateTime",
    "VehicleRow",
    "WebSessionRow",
]
