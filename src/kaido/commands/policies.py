"""The companies' policies for commands, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.catalog.store import CatalogStore
from kaido.commands.keys import CommandKeys
from kaido.commands.policy import Policy, read_policy
from kaido.commands.policy_check import check_policy
from kaido.runtime import clock
from kaido.store.tables import CommandPolicyRow

if TYPE_CHECKING:
    from kaido.runtime.settings import Settings
    from kaido.store import Store


class Policies:
    """What companies allow. All calls block."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._catalog = CatalogStore(store)
        self.keys = CommandKeys(settings)

    def get(self, company: str) -> Policy:
        """A company's policy; the usual one where it has set none."""
        with self._store.reading() as session:
            row = session.get(CommandPolicyRow, company)
            return read_policy(row.document if row else {})

    def set(self, company: str, policy: Policy, who: str) -> None:
        """Replace a company's policy as a whole.

        Raises:
            InvalidInputError: a rule is about no actuator, or a precondition about no signal of the catalog.
            UnavailableError: commands are to be signed, and the company's key cannot be made.
        """
        check_policy(policy, {one.path: one for one in self._catalog.signals(company)} if policy.rules else {})
        if policy.signing:
            self.keys.ensure(company)
            self.keys.key(company)
        with self._store.session() as session:
            row = session.get(CommandPolicyRow, company)
            if row is None:
                row = CommandPolicyRow(company=company)
                session.add(row)
            row.document, row.changed, row.who = policy.to_document(), clock.now(), who

    def public_key(self, company: str) -> str | None:
        """What the company's vehicles check commands with, PEM; None where commands are not signed."""
        return self.keys.public(company) if self.get(company).signing else None
