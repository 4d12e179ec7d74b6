"""UDS (ISO 14229-1) through ``udsoncan``: reading and clearing trouble codes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import can
from udsoncan.client import Client
from udsoncan.configs import default_client_config
from udsoncan.exceptions import (
    InvalidResponseException,
    NegativeResponseException,
    TimeoutException,
    UnexpectedResponseException,
)

from kaido.agent.diagnostics import codes
from kaido.agent.diagnostics.codes import CONFIRMED, TEST_FAILED, THREE_BYTES, TroubleCode
from kaido.agent.diagnostics.connection import garbled, refused, silent
from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.agent.diagnostics.connection import Ecu

ACTIVE = TEST_FAILED | CONFIRMED
"""The status of codes that somebody should look at: failing now, or confirmed."""
ALL_GROUPS = 0xFFFFFF
_LONGEST_S = 6.0
"""The most that one question takes, however often the ECU asks for patience."""
_STATUS_MASKS = range(1, 0x100)


def read_codes(ecu: Ecu, status_mask: int = ACTIVE) -> list[TroubleCode]:
    """ReadDTCInformation (0x19), reportDTCByStatusMask (0x02).

    Args:
        ecu: who is asked.
        status_mask: codes are told where one of these bits of their status is set; 1 to 255.

    Raises:
        EcuSilentError, EcuRefusedError, EcuGarbledError, UnavailableError: as ``Ecu.ask``.
        ValueError: the mask is none.
    """
    if status_mask not in _STATUS_MASKS:
        raise ValueError(f"{status_mask} is no status mask")
    with _client(ecu, bytes([0x19, 0x02, status_mask])) as client:
        answer = client.get_dtc_by_status_mask(status_mask)
        assert answer is not None
        found = ((dtc.id.to_bytes(THREE_BYTES, "big"), dtc.status) for dtc in answer.service_data.dtcs)
        return [TroubleCode(ecu.address.name, codes.written(raw), status.get_byte_as_int()) for raw, status in found]


def clear_codes(ecu: Ecu, group: int = ALL_GROUPS) -> None:
    """ClearDiagnosticInformation (0x14).

    Args:
        ecu: whose codes.
        group: which of them; a code's own three bytes for one alone.

    Raises:
        EcuSilentError, EcuRefusedError, EcuGarbledError, UnavailableError: as ``Ecu.ask``.
    """
    with _client(ecu, b"\x14" + group.to_bytes(THREE_BYTES, "big")) as client:
        client.clear_dtc(group)


@contextlib.contextmanager
def _client(ecu: Ecu, request: bytes) -> Iterator[Client]:
    """A client on the ECU's connection, whose errors are ours."""
    times = {"p2_timeout": ecu.timeout_s, "request_timeout": _LONGEST_S}
    config: Any = {**default_client_config, **times}
    client = Client(ecu.transport, config=config)  # not opened: the connection is, and stays so
    try:
        yield client
    except TimeoutException as error:
        raise silent(ecu.address, request) from error
    except NegativeResponseException as error:
        raise refused(ecu.address, request, int(error.response.code or 0)) from error
    except (InvalidResponseException, UnexpectedResponseException) as error:
        raise garbled(ecu.address, request, str(error)) from error
    except (can.CanError, OSError) as error:
        raise UnavailableError(f"ECU {ecu.address.name} cannot be asked", why=str(error)) from error
