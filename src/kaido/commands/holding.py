"""What vehicles hold, as far as commands are about it: a vehicle fails what names a document that it has not got."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaido.commands.model import Key
    from kaido.control.answers import Answers
    from kaido.control.checkins import Checkins

Needs = frozenset[str]
"""Sync ids that a request names."""


class Holding:
    """Asks what this process has heard in checkins, then what others have written down.

    Args:
        answers: what vehicles said to this process.
        checkins: what they said to any, up to a few seconds ago.
    """

    def __init__(self, answers: Answers, checkins: Checkins) -> None:
        self._answers = answers
        self._checkins = checkins

    def heard(self, key: Key, needs: Needs) -> bool:
        """Whether this process heard that a vehicle holds all that a command needs. Costs nothing."""
        return needs <= self._answers.held(key.company, key.vehicle)

    def lacking(self, needs: Mapping[Key, Needs]) -> dict[Key, Needs]:
        """The commands whose vehicles have not said that they hold all that they need, and what that is. Blocks."""
        unheard = {key: wanted for key, wanted in needs.items() if not self.heard(key, wanted)}
        held = self._checkins.held([(key.company, key.vehicle) for key in unheard]) if unheard else {}
        missing = {key: wanted - held.get((key.company, key.vehicle), frozenset()) for key, wanted in unheard.items()}
        return {key: lacks for key, lacks in missing.items() if lacks}
