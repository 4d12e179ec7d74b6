"""Commands about state templates: activate, deactivate, send the values once."""

from __future__ import annotations

import enum
from collections import defaultdict
from typing import TYPE_CHECKING

from kaido.catalog.store import CatalogStore
from kaido.commands.model import Order
from kaido.company import Vehicles
from kaido.control.members import Members
from kaido.control.plan import manifest_of
from kaido.control.states import StatePlan
from kaido.control.templates import StateTemplates
from kaido.errors import ConflictError, InvalidInputError, NotFoundError
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kaido.commands.model import Command, Issuer
    from kaido.commands.sending import Commands
    from kaido.company import Vehicle
    from kaido.store import Store

LONGEST_S = (1 << 32) - 1
_PAGE = 1_000


class Operation(enum.StrEnum):
    """What a vehicle is to do with a state template."""

    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    FETCH = "fetch"


def state_request(sync_ids: Iterable[str], operation: Operation, seconds: int = 0) -> pb.CommandRequest:
    """The request without id and times.

    Args:
        sync_ids: of the templates, as the vehicle holds them.
        operation: what to do with all of them.
        seconds: an activation ends by itself after so long; 0 never.
    """
    message = pb.CommandRequest()
    for sync_id in sync_ids:
        one = message.last_known_state.state_templates.add(state_template_sync_id=sync_id)
        match operation:
            case Operation.ACTIVATE:
                one.activate.deactivate_after_seconds = seconds
                one.activate.SetInParent()
            case Operation.DEACTIVATE:
                one.deactivate.SetInParent()
            case Operation.FETCH:
                one.fetch_snapshot.SetInParent()
    return message


class StateCommands:
    """Sends them, as commands like any other. All calls block.

    Args:
        store: vehicles, manifests and templates.
        commands: how they are sent.
    """

    def __init__(self, store: Store, commands: Commands) -> None:
        self._commands = commands
        self._vehicles = Vehicles(store)
        self._catalog = CatalogStore(store)
        self._members = Members(store)
        self._templates = StateTemplates(store)

    def send(
        self,
        company: str,
        issuer: Issuer,
        operation: Operation,
        *,
        timeout_ms: int,
        templates: Sequence[str] | None = None,
        vehicles: Sequence[str] | None = None,
        seconds: int = 0,
        id: str | None = None,  # noqa: A002  # it is what the field calls it
        reason: str = "",
    ) -> list[Command]:
        """Tell vehicles what to do with state templates.

        A template has another id under each decoder manifest, so there is a command for each set of ids; where there
        are several, their ids are ``id.1``, ``id.2`` and so on.

        Args:
            company: whose vehicles.
            issuer: whose token.
            operation: what to do.
            timeout_ms: from now until the outcome.
            templates: names; None is all that a vehicle should hold.
            vehicles: ids; None is all that should hold them.
            seconds: an activation ends by itself after so long; 0 never.
            id: given, it makes the call idempotent.
            reason: for the record.

        Raises:
            InvalidInputError: the id, the timeout, the seconds or the reason cannot be.
            NotFoundError: no such template or vehicle, or the vehicle is not to hold the template.
            ConflictError: the vehicle is revoked, the id is another command's, or too much is under way.
        """
        if not 0 <= seconds <= LONGEST_S:
            raise InvalidInputError(f"an activation for {seconds} s", why=f"it can be for up to {LONGEST_S} s")
        groups = self._groups(company, templates, vehicles)
        what = f"state {', '.join(templates) if templates else 'all'}"
        value = f"{operation} for {seconds} s" if seconds else operation.value
        return [
            self._commands.send(
                company,
                issuer,
                ids,
                Order(what, value, state_request(sync_ids, operation, seconds), is_actuator=False),
                timeout_ms=timeout_ms,
                id=id if id is None or len(groups) == 1 else f"{id}.{number}",
                reason=reason,
            )
            for number, (sync_ids, ids) in enumerate(sorted(groups.items()), 1)
        ]

    def _groups(
        self, company: str, templates: Sequence[str] | None, vehicles: Sequence[str] | None
    ) -> dict[tuple[str, ...], list[str]]:
        """Vehicles by the sync ids that their commands name."""
        known = {one.name: one for one in self._templates.list(company)}
        for name in templates or ():
            if name not in known:
                raise NotFoundError.of("state template", name, known, fix="See: kaido state list")
        chosen = [known[name] for name in (known if templates is None else templates)]
        plan = StatePlan(chosen, members=self._members.of(company))
        manifests = {one.name: one.sync_id for one in self._catalog.manifests(company)}
        groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for vehicle in self._all(company) if vehicles is None else self._named(company, vehicles):
            manifest = manifest_of(vehicle, manifests)
            meant = plan.meant(vehicle)
            if manifest is not None and meant:
                wanted = plan.wanted(meant, self._catalog.manifest_by_sync_id(company, manifest)).ids
                if wanted:
                    groups[tuple(sorted(wanted))].append(vehicle.id)
                    continue
            if vehicles is not None:
                raise _holds_none(vehicle.id, templates, manifest)
        if not groups:
            raise NotFoundError("no vehicle is to hold any of these state templates", fix="See: kaido state list")
        return groups

    def _named(self, company: str, vehicles: Sequence[str]) -> Iterator[Vehicle]:
        for name in dict.fromkeys(vehicles):
            found = self._vehicles.get(company, name)
            if found.revoked:
                raise ConflictError(f"vehicle {name} is revoked", fix=f"kaido vehicle restore {name}")
            yield found

    def _all(self, company: str) -> Iterator[Vehicle]:
        after: str | None = None
        while page := self._vehicles.list(company, _PAGE, after):
            after = page[-1].id
            yield from (one for one in page if not one.revoked)


def _holds_none(vehicle: str, templates: Sequence[str] | None, manifest: str | None) -> NotFoundError:
    if manifest is None:
        why = "it has no decoder manifest"
    elif templates is None:
        why = "none has it among its targets, and signals that its decoder manifest has"
    else:
        why = "it is not among the targets, or its decoder manifest has none of the signals"
    named = f"the state template {' or '.join(templates)}" if templates else "any state template"
    return NotFoundError(f"vehicle {vehicle} is not to hold {named}", why=why, fix="See: kaido state list")
