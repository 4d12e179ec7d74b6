"""``/v1/map``: what a map of this platform is drawn on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.errors import NotFoundError

router = APIRouter(prefix="/map", tags=["map"])

FILE = "/v1/map/tiles"
_VECTOR = (".pbf", ".mvt")


class BaseMap(BaseModel):
    """The base map, as the platform's operator set it."""

    tiles: Literal["outlines", "pmtiles", "raster", "vector"] = Field(
        description="`outlines` of land come with the console; the others lie at `url`."
    )
    url: str = Field(description="Of a PMTiles archive, or with `{z}`, `{x}` and `{y}`; empty for outlines.")
    credit: str = Field(description="Whom the map names for its tiles; empty for none.")
    borders: bool = Field(description="Whether borders of countries are drawn; they are disputed, so not by default.")


@router.get("", summary="The base map")
async def base_map(caller: Reader, rooms: Rooms) -> BaseMap:
    """From the settings KAIDO_CONSOLE_TILES, KAIDO_CONSOLE_TILES_CREDIT and KAIDO_CONSOLE_BORDERS."""
    del caller
    tiles, borders = rooms.settings.console_tiles, rooms.settings.console_borders
    path = tiles.partition("?")[0]
    if not tiles:
        return BaseMap(tiles="outlines", url="", credit="", borders=borders)
    credit = rooms.settings.console_tiles_credit
    if path.endswith(".pmtiles"):
        return BaseMap(tiles="pmtiles", url=tiles if _is_url(tiles) else FILE, credit=credit, borders=borders)
    kind: Literal["vector", "raster"] = "vector" if path.endswith(_VECTOR) else "raster"
    return BaseMap(tiles=kind, url=tiles, credit=credit, borders=borders)


@router.get("/tiles", summary="The tiles of the base map", response_class=FileResponse)
def tiles(caller: Reader, rooms: Rooms) -> FileResponse:
    """The PMTiles archive that KAIDO_CONSOLE_TILES names, where that is a file; in ranges, as maps read it."""
    del caller
    name = rooms.settings.console_tiles
    if not name or _is_url(name):
        raise NotFoundError("there is no file of tiles", fix="Name one: KAIDO_CONSOLE_TILES=/path/to/map.pmtiles")
    if not Path(name).is_file():
        raise NotFoundError(f"there is no file {Path(name).name}", fix="Correct KAIDO_CONSOLE_TILES and start again")
    return FileResponse(name, media_type="application/vnd.pmtiles")


def _is_url(tiles: str) -> bool:
    return tiles.startswith(("http://", "https://"))
