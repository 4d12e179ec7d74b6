"""can-decoder's side of the bench `decode`; runs in a venv of its own, without Kaido.

Usage: FRAMES.npz DATABASE.dbc RESULT.npz RUNS: writes the seconds of each run, and the values of each "message.signal".
"""

import sys
import time

import can_decoder  # type: ignore[import-not-found]  # in its own venv alone
import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # no stubs in ours


def main() -> None:
    """Decode all frames several times."""
    frames_path, database_path, result_path, runs = sys.argv[1:]
    given = np.load(frames_path)
    frames = pd.DataFrame(
        {
            "BusChannel": 1,
            "ID": given["can_id"],
            "IDE": 0,
            "DLC": given["length"],
            "DataLength": given["length"],
            "Dir": 0,
            "EDL": 0,
            "BRS": 0,
            "DataBytes": given["data"].tolist(),
        },
        index=pd.to_datetime(given["time_us"], unit="us", utc=True),
    )
    frames.index.name = "TimeStamp"
    decoder = can_decoder.DataFrameDecoder(can_decoder.load_dbc(database_path))
    seconds = []
    for _ in range(int(runs)):
        began = time.perf_counter()
        decoded = decoder.decode_frame(frames)
        seconds.append(time.perf_counter() - began)
    values = {
        f"M{int(can_id):03X}.{signal}": rows["Physical Value"].to_numpy(np.float64)
        for (can_id, signal), rows in decoded.groupby(["CAN ID", "Signal"])
    }
    np.savez(result_path, seconds=seconds, **values)


main()
