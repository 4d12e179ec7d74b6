// Where cars lie so close that they cover each other, their number stands on the map.
import type { GeoJSONSource, Map as Chart } from "maplibre-gl";
import type { FeatureCollection } from "geojson";
import type { Fleet } from "./fleet";
import { latitudeOf, longitudeOf, STEP_X } from "./mercator";
import { color, onTheme } from "./theme";

const SOURCE = "counts";
const CELL_PIXELS = 80;
const FEWEST = 10;
const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };

/** How many shown cars each cell of a grid holds that is fixed to the ground, and their middle. */
export function cells(fleet: Fleet, zoom: number): FeatureCollection {
  const steps = CELL_PIXELS / (512 * 2 ** zoom) / STEP_X;
  const bits = Math.min(Math.max(Math.round(Math.log2(steps)), 12), 30);
  const found = new Map<number, [count: number, east: number, south: number]>();
  for (let car = 0; car < fleet.size; car++) {
    if (!(fleet.shown[car]! & fleet.placed[car]!)) continue;
    const east = fleet.east[car]!;
    const south = fleet.south[car]!;
    const key = (east >> bits) * 1048576 + (south >> (bits - 1));
    const cell = found.get(key);
    if (cell) {
      cell[0] += 1;
      cell[1] += east;
      cell[2] += south;
    } else {
      found.set(key, [1, east, south]);
    }
  }
  const features: FeatureCollection["features"] = [];
  for (const [count, east, south] of found.values()) {
    if (count < FEWEST) continue;
    const coordinates = [longitudeOf(east / count), latitudeOf(south / count)];
    features.push({ type: "Feature", geometry: { type: "Point", coordinates }, properties: { count, text: count.toLocaleString("en-US") } });
  }
  return { type: "FeatureCollection", features };
}

/** Puts the numbers on a map; call what it gives back when cars have moved. */
export function showCounts(map: Chart, fleet: Fleet): () => void {
  const paint = () => ({ "text-color": color("--ink"), "text-halo-color": color("--panel"), "text-halo-width": 2 }) as const;
  map.addSource(SOURCE, { type: "geojson", data: EMPTY });
  map.addLayer({
    id: SOURCE,
    type: "symbol",
    source: SOURCE,
    layout: {
      "text-field": ["get", "text"],
      "text-font": ["sans-serif"],
      "text-size": ["interpolate", ["linear"], ["log10", ["get", "count"]], 1, 12, 5, 18],
      "symbol-sort-key": ["-", 0, ["get", "count"]],
      "text-padding": 6,
    },
    paint: paint(),
  });
  onTheme(() => {
    for (const [name, value] of Object.entries(paint())) map.setPaintProperty(SOURCE, name as "text-color", value as string);
  });
  let shown = "";
  const show = (): void => {
    const data = cells(fleet, map.getZoom());
    const text = JSON.stringify(data);
    if (text === shown || (!shown && !data.features.length)) return;
    shown = text;
    (map.getSource(SOURCE) as GeoJSONSource).setData(data);
  };
  map.on("zoomend", show);
  return show;
}
