"""Text recordings of every kind, as hypothesis makes them, whole and damaged."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

HEADERS = {
    "gvret": b"Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n",
    "canhacker": b"ParserFlags\tCh\tCounter\tT/R\tTime\tFlags\tCAN ID\tLen\tData\tParser Name\tdefault\n",
    "csv": b"timestamp,arbitration_id,extended,remote,error,dlc,data\n",
    "asc": b"date Thu Aug 2 04:14:48.230 pm 2018\nbase hex  timestamps absolute\ninternal events logged\n",
    "trc": b";$FILEVERSION=2.1\n;$STARTTIME=43314.6769471296\n;$COLUMNS=N,O,T,B,I,d,R,L,D\n;\n",
}


def _spaced(data: bytes) -> str:
    return data.hex(" ").upper()


def _candump(us: int, bus: int, extended: bool, can_id: int, data: bytes, sent: bool) -> str:
    width = 8 if extended else 3
    return f"({us // 10**6}.{us % 10**6:06}) can{bus} {can_id:0{width}X}#{data.hex().upper()}{' T' if sent else ' R'}"


def _screen(us: int, bus: int, extended: bool, can_id: int, data: bytes, sent: bool) -> str:
    width = 8 if extended else 3
    timed = f"({us // 10**6:03}.{us % 10**6:06})  " if not sent else ""
    return f" {timed}can{bus}  {can_id:0{width}X}   [{len(data)}]  {_spaced(data)}"


def _asc(us: int, bus: int, extended: bool, can_id: int, data: bytes, sent: bool) -> str:
    name = f"{can_id:X}{'x' if extended else ''}"
    return f" {us / 1e6:9.6f} {bus + 1}  {name:<15} {'Tx' if sent else 'Rx'}   d {len(data):x} {_spaced(data)}"


def _trc(us: int, bus: int, extended: bool, can_id: int, data: bytes, sent: bool) -> str:
    name = f"{can_id:0{8 if extended else 4}X}"
    return (
        f"{us:>7} {us / 1e3:13.3f} DT {bus + 1:>2} {name:>8} {'Tx' if sent else 'Rx'} -  {len(data):<4} {_spaced(data)}"
    )


def _csv(us: int, bus: int, extended: bool, can_id: int, data: bytes, sent: bool) -> str:
    del bus, sent
    return f"{us / 1e6!r},{can_id:#x},{extended:d},0,0,{len(data)},{base64.b64encode(data).decode()}"


def _gvret(us: int, bus: int, extended: bool, can_id: int, data: bytes, sent: bool) -> str:
    cells = "".join(f"{byte:02X}," for byte in data)
    return f"{us},{can_id:08X},{str(extended).lower()},{'Tx' if sent else 'Rx'},{bus},{len(data)},{cells}"


def _canhacker(us: int, bus: int, extended: bool, can_id: int, data: bytes, sent: bool) -> str:
    del extended
    direction = "TX" if sent else "RX"
    return (
        f"1\t{bus}\t708\t{direction}\t{us // 1000}\t\t0x{can_id:08x}\t{len(data)}\t0x{data.hex(' ')} \tDefault Parser\t"
    )


def _crtd(us: int, bus: int, extended: bool, can_id: int, data: bytes, sent: bool) -> str:
    kind = f"{bus + 1}{'T' if sent else 'R'}{29 if extended else 11}"
    return f"{us // 10**6}.{us % 10**6:06} {kind} {can_id:03X} {data.hex(' ')}"


LINES: dict[str, Callable[[int, int, bool, int, bytes, bool], str]] = {
    "candump": _candump,
    "candump-screen": _screen,
    "asc": _asc,
    "trc": _trc,
    "csv": _csv,
    "gvret": _gvret,
    "canhacker": _canhacker,
    "crtd": _crtd,
}
"""A line of each kind, from time, bus, extended, identifier, data, sent."""


@st.composite
def frames(draw: st.DrawFn) -> tuple[int, int, bool, int, bytes, bool]:
    """What a line needs."""
    extended = draw(st.booleans())
    return (
        draw(st.integers(0, 2 * 10**15)),
        draw(st.integers(0, 3)),
        extended,
        draw(st.integers(0, 0x1FFFFFFF if extended else 0x7FF)),
        draw(st.binary(max_size=8)),
        draw(st.booleans()),
    )


_INK = st.sampled_from(list(b"0123456789ABCDEFabcdefxXrRtT ()#[],.-_=\t\r;/'\x00\xff"))


@st.composite
def damaged(draw: st.DrawFn, line: bytes) -> bytes:
    """A line with some of its characters changed, lost or doubled."""
    broken = bytearray(line)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(len(broken) - 1, 0)))
        how = draw(st.sampled_from(["change", "lose", "insert", "cut"]))
        if how == "insert":
            broken.insert(at, draw(_INK))
        elif how == "cut":
            del broken[at:]
        elif broken:
            broken[at : at + 1] = bytes([draw(_INK)]) if how == "change" else b""
    return bytes(broken)


@st.composite
def logs(draw: st.DrawFn, kind: str) -> bytes:
    """A recording of a kind with damage here and there."""
    lines = []
    for _ in range(draw(st.integers(1, 12))):
        line = LINES[kind](*draw(frames())).encode()
        lines.append(draw(damaged(line)) if draw(st.booleans()) else line)
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    return HEADERS.get(kind, b"\n") + end.join(lines) + draw(st.sampled_from([end, b""]))
