"""What signals there are: VSS names, CAN databases, decoder manifests."""

from kaido.catalog.can_signal import CanSignal, Selector
from kaido.catalog.database import read_can_database
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.mapping import Mapping, Target, read_mapping
from kaido.catalog.named_signal import NamedSignal
from kaido.catalog.obd_signal import ObdSignal
from kaido.catalog.signal import Signal
from kaido.catalog.vss import read_vss, standard

__all__ = [
    "CanSignal",
    "DecoderManifest",
    "Mapping",
    "NamedSignal",
    "ObdSignal",
    "Selector",
    "Signal",
    "Target",
    "read_can_database",
    "read_mapping",
    "read_vss",
    "standard",
]
