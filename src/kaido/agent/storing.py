"""Store and forward: which partitions a vehicle has, and which of them may be sent now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.agent.conditions.functions import FUNCTIONS
from kaido.agent.partitions import read_definition
from kaido.agent.standing import Uploads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaido.agent.conditions.functions import Function
    from kaido.agent.documents import Held
    from kaido.agent.stored import Partition
    from kaido.catalog.manifest import DecoderManifest


class Storing:
    """Keeps watch over the upload conditions: of the schemes that are held, and of older ones that left data behind.

    Args:
        functions: the custom functions that conditions may call.

    Attributes:
        uploads: the conditions; they have to see all samples.
    """

    def __init__(self, functions: Mapping[str, Function] = FUNCTIONS) -> None:
        self.uploads = Uploads()
        self._functions = functions
        self._manifest: DecoderManifest | None = None

    def replace(self, held: Held, kept: Mapping[str, Partition]) -> tuple[list[Partition], list[str]]:
        """Take other documents.

        Args:
            held: the documents.
            kept: the partitions on disk, by key.

        Returns:
            The partitions of the schemes, and the keys of those that nobody can tell when to upload: their conditions
            are about signals of another manifest.
        """
        uploads = [upload for scheme in held.schemes.values() for upload in scheme.uploads]
        keys = {upload.partition.key for upload in uploads}
        hopeless = []
        places: dict[int, int] = {}
        if held.manifest is not None:
            places = {number: place for place, number in enumerate(held.manifest.ids)}
            for partition in (one for key, one in kept.items() if key not in keys):
                upload = read_definition(partition, held.manifest.sync_id, places, self._functions, held.manifest.texts)
                if upload is None:
                    hopeless.append(partition.key)
                else:
                    uploads.append(upload)
        self.uploads.replace(uploads, places, afresh=held.manifest is not self._manifest)
        self._manifest = held.manifest
        return [upload.partition for upload in uploads if upload.partition.key in keys], hopeless
