"""The policy at the moment of sending: may this go out now, and as which bytes?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaido.catalog.store import CatalogStore
from kaido.commands import policy as policies
from kaido.commands import values
from kaido.commands.equipment import Equipment
from kaido.commands.model import State
from kaido.company import Vehicles
from kaido.errors import InvalidInputError, NotFoundError
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import signing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kaido.catalog.signal import Signal
    from kaido.commands.holding import Holding, Needs
    from kaido.commands.ledger import Task
    from kaido.commands.model import Key
    from kaido.commands.policies import Policies
    from kaido.commands.policy import Policy, Precondition
    from kaido.company import Vehicle
    from kaido.store import Store


@dataclass(frozen=True)
class Ready:
    """A request that may go out, once its preconditions hold.

    Attributes:
        request: the CommandRequest's bytes.
        signature: of the companion topic; None where commands are not signed.
        preconditions: what the twin must say now.
        needs: what the vehicle must hold.
    """

    request: bytes
    signature: bytes | None
    preconditions: list[Precondition]
    needs: Needs


@dataclass(frozen=True)
class Early:
    """A request for a vehicle that does not hold yet what it is about.

    Attributes:
        lacks: what the vehicle has not said that it holds.
    """

    needs: Needs
    lacks: Needs

    @property
    def why(self) -> str:
        """For people."""
        return f"the vehicle has not said yet that it holds {', '.join(sorted(self.lacks))}"


@dataclass(frozen=True)
class Refused:
    """A request that may not go out."""

    why: str
    by_policy: bool = True


@dataclass
class _Company:
    """What is read once for all of a company's commands."""

    policy: Policy
    equipment: Equipment
    signals: dict[str, Signal | None] = field(default_factory=dict)


class Checking:
    """Looks at tasks in the light of what the store says now. All calls block."""

    def __init__(self, store: Store, policies_: Policies, holding: Holding) -> None:
        self._catalog = CatalogStore(store)
        self._vehicles = Vehicles(store)
        self._policies = policies_
        self._holding = holding

    def check(self, tasks: Sequence[Task]) -> dict[Key, Ready | Early | Refused]:
        """What to do with each.

        Raises:
            UnavailableError: the database is away, or the key by which a company signs.
        """
        found = self._checked(tasks)
        first = [task.key for task in tasks if task.state is State.WAITING]
        needs = {key: one.needs for key in first if isinstance(one := found[key], Ready)}
        return found | {key: Early(needs[key], lacks) for key, lacks in self._holding.lacking(needs).items()}

    def _checked(self, tasks: Iterable[Task]) -> dict[Key, Ready | Refused | Early]:
        companies: dict[str, _Company] = {}
        vehicles = self._vehicles.some((task.key.company, task.key.vehicle) for task in tasks)
        found: dict[Key, Ready | Refused | Early] = {}
        for task in tasks:
            name = task.key.company
            if name not in companies:
                companies[name] = _Company(self._policies.get(name), Equipment(self._catalog, name))
            found[task.key] = self._check(task, companies[name], vehicles.get((name, task.key.vehicle)))
        return found

    def _check(self, task: Task, company: _Company, vehicle: Vehicle | None) -> Ready | Refused:
        if vehicle is None:
            return Refused(f"no vehicle '{task.key.vehicle}'", by_policy=False)
        if vehicle.revoked:
            return Refused(f"vehicle {vehicle.id} is revoked")
        message = pb.CommandRequest.FromString(task.template)
        wanted: list[Precondition] = []
        try:
            if message.WhichOneof("command") == "actuator":
                why = self._objection(task, company)
                if why is not None:
                    return Refused(why)
                wanted = policies.preconditions(company.policy, task.what)
                place = company.equipment.place(vehicle, task.what)
                message.actuator.signal_id = place.signal_id
                message.actuator.decoder_manifest_sync_id = place.manifest
        except (NotFoundError, InvalidInputError) as error:
            return Refused(str(error), by_policy=False)
        message.command_id = task.key.command
        message.timeout_ms = task.timeout_ms
        assert task.issued is not None  # it is when it has no more to be approved
        message.issued_timestamp_ms = int(task.issued.timestamp() * 1_000)
        request = task.request or message.SerializeToString()
        return Ready(request, self.signature(task.key, request, company.policy), wanted, _needs(message))

    def signature(self, key: Key, request: bytes, policy: Policy | None = None) -> bytes | None:
        """The signature of a request, where the company signs."""
        if not (policy or self._policies.get(key.company)).signing:
            return None
        return signing.sign(self._policies.keys.key(key.company), key.vehicle, key.command, request)

    def _objection(self, task: Task, company: _Company) -> str | None:
        """Why the policy of now does not let it go; the catalog's limits too."""
        if task.what not in company.signals:
            company.signals[task.what] = self._catalog.signal(task.key.company, task.what)
        signal = company.signals[task.what]
        if signal is not None:
            values.check(signal, task.value)
            if policies.needs_approval(company.policy, signal) and not task.approved:
                return "a second person has to approve it by now"
        return policies.objection(company.policy, task.what, task.issuer, task.reason)


def _needs(message: pb.CommandRequest) -> Needs:
    """The documents that a request names."""
    if message.WhichOneof("command") == "actuator":
        return frozenset({message.actuator.decoder_manifest_sync_id})
    return frozenset(one.state_template_sync_id for one in message.last_known_state.state_templates)
