"""Every bench by its name."""

from __future__ import annotations

# A bench's name, the module below kaido.bench whose `run(options)` gives its figures, and one line about it.
BENCHES: dict[str, tuple[str, str]] = {
    "limits": ("limits", "What the machine itself gives: memory, loopback, disk"),
    "gateway": ("gateway", "QoS 1 publishes acknowledged after the journal"),
    "connections": ("connections", "Idle connections with mutual TLS, and handshakes"),
    "ingest": ("ingest", "Signal values from socket to lake and twin"),
    "conditions": ("conditions", "Samples through 50 condition-based schemes in the car"),
    "decode": ("decode", "CAN frames to values"),
    "import": ("import_", "A text log of a bus to the committed lake"),
    "lake": ("lake", "Bytes a value, and reads of a hundred million rows"),
    "twin": ("twin", "Updates, and a filter over a million vehicles"),
    "latency": ("latency", "From publish to twin and WebSocket"),
    "memory": ("memory", "Each process under load, over time"),
    "growth": ("growth", "The same at once, twice and four times the load"),
    "workers": ("workers", "Two ingest workers against one"),
    "commands": ("commands", "From the API to a connected vehicle, and back to the outcome"),
    "services": ("services", "A fleet's month into trips and charges, and one more hour"),
    "energy": ("energy", "The energy model: dynamometer tests, ranges that hold what they state"),
    "battery": ("battery", "Battery capacities held against true batteries"),
    "console": ("console", "Moving cars in a real browser, weights of pages, many viewers"),
    "checkins": ("checkins", "Checkins of a fleet, answered by control"),
    "plans": ("plans", "Charge plans of 48 hours in 15-minute steps"),
}
