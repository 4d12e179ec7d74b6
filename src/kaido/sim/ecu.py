"""An ECU that answers OBD-II and UDS over ISO-TP, on any bus of python-can."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import can
import isotp

from kaido.agent.diagnostics import codes
from kaido.agent.diagnostics.address import FUNCTIONAL, FUNCTIONAL_EXTENDED, EcuAddress
from kaido.agent.diagnostics.codes import CONFIRMED, TEST_FAILED

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.agent.bus import BusName

NOT_SUPPORTED = 0x11
NO_SUBFUNCTION = 0x12
WRONG_LENGTH = 0x13
CONDITIONS_NOT_CORRECT = 0x22
OUT_OF_RANGE = 0x31
PENDING = 0x78
_ALL_GROUPS = 0xFFFFFF
_POLL_S = 0.02


@dataclass
class EcuState:
    """What an ECU knows, and how it answers.

    Attributes:
        pids: data of mode 01, by PID.
        codes: stored codes, written with their failure type ("P0301-1A"), and their status.
        vin: what mode 09 tells.
        speaks_uds: whether it knows the services 0x14, 0x19 and 0x22.
        identifiers: data of service 0x22.
        engine_runs: codes are not cleared while it does.
    """

    pids: dict[int, bytes] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    vin: str = "KAID00000000SIM01"
    speaks_uds: bool = True
    identifiers: dict[int, bytes] = field(default_factory=dict)
    engine_runs: bool = False

    def answer(self, request: bytes) -> bytes:
        """The answer to a request: positive or negative."""
        service, body = request[0], request[1:]
        known: dict[int, Callable[[bytes], bytes | int]] = {0x01: self._current, 0x03: self._stored, 0x09: self._about}
        if self.speaks_uds:
            known |= {0x14: self._clear, 0x19: self._read_codes, 0x22: self._read_identifier}
        found = known[service](body) if service in known else NOT_SUPPORTED
        return bytes([0x7F, service, found]) if isinstance(found, int) else bytes([service + 0x40]) + found

    def _current(self, body: bytes) -> bytes | int:
        if len(body) != 1:
            return WRONG_LENGTH
        if body[0] % 0x20 == 0:
            return body + _supported(self.pids, body[0])
        return body + self.pids[body[0]] if body[0] in self.pids else OUT_OF_RANGE

    def _stored(self, body: bytes) -> bytes | int:
        if body:
            return WRONG_LENGTH
        raw = dict.fromkeys(codes.parse(code)[:2] for code, status in self.codes.items() if status & CONFIRMED)
        return bytes([len(raw)]) + b"".join(raw)

    def _about(self, body: bytes) -> bytes | int:
        if body == b"\x00":
            return body + _supported({0x02: b""}, 0)
        return body + b"\x01" + self.vin.encode().rjust(17, b"\x00") if body == b"\x02" else OUT_OF_RANGE

    def _read_codes(self, body: bytes) -> bytes | int:
        if not body or body[0] != 0x02:  # noqa: PLR2004  # reportDTCByStatusMask
            return NO_SUBFUNCTION
        if len(body) != 2:  # noqa: PLR2004  # subfunction and mask
            return WRONG_LENGTH
        told = [(code, status) for code, status in self.codes.items() if status & body[1]]
        return b"\x02\xff" + b"".join(codes.parse(code).ljust(3, b"\x00") + bytes([status]) for code, status in told)

    def _clear(self, body: bytes) -> bytes | int:
        if len(body) != 3:  # noqa: PLR2004  # a group
            return WRONG_LENGTH
        if self.engine_runs:
            return CONDITIONS_NOT_CORRECT
        group = int.from_bytes(body, "big")
        if group == _ALL_GROUPS:
            self.codes = {}
        elif self.codes.pop(codes.written(body), None) is None:
            return OUT_OF_RANGE
        return b""

    def _read_identifier(self, body: bytes) -> bytes | int:
        found = self.identifiers.get(int.from_bytes(body, "big"))
        return OUT_OF_RANGE if found is None else body + found


def _supported(known: dict[int, bytes], first: int) -> bytes:
    """Four bytes that say which of the 32 PIDs after ``first`` there are."""
    places = [pid - first for pid in known if first < pid <= first + 0x20]
    more = any(pid > first + 0x20 for pid in known)
    return (sum(1 << (0x20 - place) for place in places) | more).to_bytes(4, "big")


class SimulatedEcu:
    """Answers on a bus, in a thread of its own, from ``with`` to its end.

    Args:
        bus: where it is.
        address: under which identifiers.
        state: what it knows.
        answers: for an ECU that misbehaves: the answers to a request, none for silence, instead of the state's.
    """

    def __init__(
        self,
        bus: BusName,
        address: EcuAddress,
        state: EcuState,
        answers: Callable[[bytes], list[bytes]] | None = None,
    ) -> None:
        self.state = state
        self.asked: list[bytes] = []
        self._bus = bus
        self._address = address
        self._answers = answers or (lambda request: [state.answer(request)])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        address = self._address
        mode = isotp.AddressingMode.Normal_29bits if address.extended else isotp.AddressingMode.Normal_11bits
        everybody = FUNCTIONAL_EXTENDED if address.extended else FUNCTIONAL
        parameters = {"tx_padding": 0xCC, "tx_data_min_length": 8}
        with can.Bus(interface=self._bus.interface, channel=self._bus.channel) as bus:
            notifier = can.Notifier(bus, [], timeout=_POLL_S)
            stacks = [
                isotp.NotifierBasedCanStack(
                    bus,
                    notifier,
                    address=isotp.Address(mode, txid=address.answer, rxid=heard),
                    error_handler=lambda _: None,
                    params=dict(parameters),
                )
                for heard in (address.request, everybody)
            ]
            for stack in stacks:
                stack.start()
            self._ready.set()
            while not self._stop.is_set():
                for stack in stacks:
                    request = stack.recv(block=True, timeout=_POLL_S / 2)
                    if request:
                        self.asked.append(bytes(request))
                        for answer in self._answers(bytes(request)):
                            stacks[0].send(answer)
            for stack in stacks:
                stack.stop()
            notifier.stop()


def petrol_car() -> EcuState:
    """An engine at idle with a misfire."""
    return EcuState(
        pids={
            0x01: bytes.fromhex("81076504"),
            0x04: b"\x40",
            0x05: b"\x7b",
            0x0C: b"\x0c\x80",
            0x0D: b"\x00",
            0x11: b"\x26",
            0x2F: b"\xb3",
            0x42: b"\x36\xb0",
            0x46: b"\x3c",
        },
        codes={"P0301-1A": TEST_FAILED | CONFIRMED, "U0100-87": CONFIRMED},
        identifiers={0xF190: b"KAID00000000SIM01"},
    )
