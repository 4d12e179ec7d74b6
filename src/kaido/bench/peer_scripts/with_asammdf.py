"""asammdf's side of the bench `decode`: extraction of a bus log; runs in a venv of its own, without Kaido.

Usage: FRAMES.npz DATABASE.dbc RESULT.npz RUNS: writes the seconds of each run, and the values of each "message.signal".
"""

import sys
import time

import numpy as np
from asammdf import MDF, Signal
from asammdf.blocks.v4_blocks import SourceInformation
from asammdf.blocks.v4_constants import BUS_TYPE_CAN, FLAG_CG_BUS_EVENT, SOURCE_BUS

NAME = "CAN_DataFrame"
COLUMNS = [
    (f"{NAME}.BusChannel", "<u1"),
    (f"{NAME}.ID", "<u4"),
    (f"{NAME}.IDE", "<u1"),
    (f"{NAME}.DLC", "<u1"),
    (f"{NAME}.DataLength", "<u1"),
    (f"{NAME}.DataBytes", "(8,)u1"),
    (f"{NAME}.Dir", "<u1"),
    (f"{NAME}.EDL", "<u1"),
    (f"{NAME}.BRS", "<u1"),
]


def main() -> None:
    """Extract all signals several times."""
    frames_path, database_path, result_path, runs = sys.argv[1:]
    log = bus_log(np.load(frames_path))
    seconds = []
    for _ in range(int(runs)):
        began = time.perf_counter()
        found = log.extract_bus_logging({"CAN": [(database_path, 0)]}, ignore_value2text_conversion=True)
        seconds.append(time.perf_counter() - began)
    values = {}
    for signal in found.iter_channels():
        message = next(name for name, kind in signal.display_names.items() if kind == "message")
        values[message] = signal.samples
    np.savez(result_path, seconds=seconds, **values)


def bus_log(given: np.lib.npyio.NpzFile) -> MDF:
    """The frames as a measurement that marks them as those of a CAN bus."""
    samples = np.zeros(len(given["can_id"]), COLUMNS)
    samples[f"{NAME}.BusChannel"] = 1
    samples[f"{NAME}.ID"] = given["can_id"]
    samples[f"{NAME}.DLC"] = samples[f"{NAME}.DataLength"] = given["length"]
    samples[f"{NAME}.DataBytes"] = given["data"]
    log = MDF(version="4.10")
    times = (given["time_us"] - given["time_us"][0]) / 1e6
    source = SourceInformation(source_type=SOURCE_BUS, bus_type=BUS_TYPE_CAN)
    log.append(Signal(name=NAME, samples=samples, timestamps=times, source=source))
    log.groups[-1].channel_group.flags = FLAG_CG_BUS_EVENT  # type: ignore[union-attr]  # version 4 has them
    return log


main()
