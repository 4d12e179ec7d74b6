// What the base map looks like, in the colours of the theme.
import type { LayerSpecification, SourceSpecification } from "maplibre-gl";
import type { FeatureCollection, MultiPolygon } from "geojson";
import { color } from "./theme";
import { unrolled, unrolledPolygon } from "./unroll";

/** What GET /v1/map says. */
export interface BaseMap {
  tiles: "outlines" | "pmtiles" | "raster" | "vector";
  url: string;
  credit: string;
  borders: boolean;
}

export interface Style {
  version: 8;
  sources: Record<string, SourceSpecification>;
  layers: LayerSpecification[];
}

/** The style of a base map; call what it gives back again when the theme has changed. */
export async function baseStyle(base: BaseMap, land: string, countries: string): Promise<() => Style> {
  const kind = base.tiles === "pmtiles" ? await openArchive(base.url) : base.tiles;
  const sources: Record<string, SourceSpecification> = {};
  const source = base.tiles === "pmtiles" ? { url: `pmtiles://${new URL(base.url, location.href)}` } : { tiles: [base.url] };
  if (kind === "raster") sources.base = { type: "raster", tileSize: 256, ...source };
  else if (kind === "vector") sources.base = { type: "vector", ...source };
  else sources.land = { type: "geojson", data: await outlines(land, "land"), maxzoom: 7, attribution: "Natural Earth" };
  if (base.borders && kind !== "vector") sources.borders = { type: "geojson", data: await outlines(countries, "borders"), maxzoom: 7 };
  return () => ({
    version: 8,
    sources,
    layers: [
      { id: "water", type: "background", paint: { "background-color": color("--map-water") } },
      ...(kind === "raster" ? [rasterLayer()] : kind === "vector" ? vectorLayers(base.borders) : landLayers()),
      ...(sources.borders ? [borderLayer()] : []),
    ],
  });
}

async function openArchive(url: string): Promise<"raster" | "vector"> {
  const [{ PMTiles, Protocol, TileType }, { addProtocol }] = await Promise.all([import("pmtiles"), import("maplibre-gl")]);
  const protocol = new Protocol();
  const archive = new PMTiles(new URL(url, location.href).href);
  protocol.add(archive);
  addProtocol("pmtiles", protocol.tile);
  return (await archive.getHeader()).tileType === TileType.Mvt ? "vector" : "raster";
}

async function outlines(address: string, what: "land" | "borders"): Promise<GeoJSON.GeoJSON> {
  const [{ feature, mesh }, topology] = await Promise.all([import("topojson-client"), fetchJson(address)]);
  if (what === "borders") {
    const lines = mesh(topology, topology.objects.countries as never, (a, b) => a !== b).coordinates.map(unrolled);
    return { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } };
  }
  const land = feature(topology, topology.objects.land!) as unknown as FeatureCollection<MultiPolygon>;
  const polygons = land.features.flatMap(({ geometry }) => geometry.coordinates.map(unrolledPolygon));
  return { type: "Feature", properties: {}, geometry: { type: "MultiPolygon", coordinates: polygons } };
}

async function fetchJson(address: string): Promise<TopoJSON.Topology> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the outlines of land: ${answer.status}`);
  return (await answer.json()) as TopoJSON.Topology;
}

function landLayers(): LayerSpecification[] {
  return [
    { id: "land", type: "fill", source: "land", paint: { "fill-color": color("--map-land"), "fill-antialias": false } },
    { id: "coast", type: "line", source: "land", paint: { "line-color": color("--map-line"), "line-width": 0.8 } },
  ];
}

function borderLayer(source = "borders", layer?: string): LayerSpecification {
  const paint = { "line-color": color("--map-line"), "line-width": 0.8, "line-dasharray": [3, 2] };
  return { id: layer ?? source, type: "line", source, ...(layer && { "source-layer": layer }), paint };
}

function rasterLayer(): LayerSpecification {
  return { id: "tiles", type: "raster", source: "base", paint: { "raster-saturation": -0.5, "raster-brightness-max": Number(color("--map-brightness")), "raster-fade-duration": 0 } };
}

// The layers of OpenMapTiles and of Protomaps, whichever there are; MapLibre passes over names that a tile lacks.
function vectorLayers(borders: boolean): LayerSpecification[] {
  const line = (name: string, width: number, tint: string): LayerSpecification => ({
    id: `${name}-lines`, type: "line", source: "base", "source-layer": name,
    paint: { "line-color": color(tint), "line-width": ["interpolate", ["exponential", 1.4], ["zoom"], 6, width / 4, 12, width, 18, 8 * width] },
  });
  const fill = (name: string, tint: string): LayerSpecification => ({
    id: `${name}-areas`, type: "fill", source: "base", "source-layer": name, filter: ["==", ["geometry-type"], "Polygon"],
    paint: { "fill-color": color(tint), "fill-antialias": false },
  });
  const names = (name: string): LayerSpecification => ({
    id: `${name}-names`, type: "symbol", source: "base", "source-layer": name,
    layout: { "text-field": ["coalesce", ["get", "name:en"], ["get", "name"]], "text-font": ["sans-serif"], "text-size": 12 },
    paint: { "text-color": color("--soft"), "text-halo-color": color("--map-land"), "text-halo-width": 1.2 },
  });
  return [
    { id: "ground", type: "background", paint: { "background-color": color("--map-land") } },
    fill("water", "--map-water"), fill("building", "--map-built"), fill("buildings", "--map-built"),
    line("waterway", 0.6, "--map-water"), line("transportation", 1, "--map-road"), line("roads", 1, "--map-road"),
    ...(borders ? [borderLayer("base", "boundary"), borderLayer("base", "boundaries")] : []),
    names("place"), names("places"),
  ];
}
