// Where cars lie so close that they cover each other, their number stands on the map.
import type { Map as Chart } from "maplibre-gl";
import type { Fleet } from "./fleet";
import { STEP_X } from "./mercator";
import { overlay, viewOf } from "./overlay";
import { color, onTheme } from "./theme";

const CELL_PIXELS = 80;
const FEWEST = 10;
const HALO_PIXELS = 4;
const APART_PIXELS = 6;
/** Of the text where ten cars are, and what a tenfold adds. */
const [TEXT_PIXELS, TENFOLD_PIXELS] = [12, 1.5];

/** So many cars lie around a place (steps of mercator.ts). */
interface Cell {
  count: number;
  east: number;
  south: number;
}

/** The shown cars by the cells of a grid that is fixed to the ground, where there are some; the fullest first. */
function cells(fleet: Fleet, zoom: number): Cell[] {
  const steps = CELL_PIXELS / (512 * 2 ** zoom) / STEP_X;
  const bits = Math.min(Math.max(Math.round(Math.log2(steps)), 12), 30);
  const found = new Map<number, Cell>();
  for (let car = 0; car < fleet.size; car++) {
    if (!(fleet.shown[car]! & fleet.placed[car]!)) continue;
    const east = fleet.east[car]!;
    const south = fleet.south[car]!;
    const key = (east >> bits) * 1048576 + (south >> (bits - 1));
    const cell = found.get(key);
    if (cell) {
      cell.count += 1;
      cell.east += east;
      cell.south += south;
    } else {
      found.set(key, { count: 1, east, south });
    }
  }
  return [...found.values()]
    .filter(({ count }) => count >= FEWEST)
    .map(({ count, east, south }) => ({ count, east: east / count, south: south / count }))
    .sort((one, other) => other.count - one.count);
}

/** Puts the numbers on a map; call what it gives back when cars have moved. */
export function showCounts(map: Chart, fleet: Fleet): () => void {
  const context = overlay(map);
  let shown: Cell[] = [];

  function write(): void {
    const view = viewOf(map);
    const ratio = map.getPixelRatio();
    context.clearRect(0, 0, view.width, view.height);
    Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: HALO_PIXELS * ratio });
    [context.strokeStyle, context.fillStyle] = [color("--panel"), color("--ink")];
    const taken: [left: number, top: number, right: number, bottom: number][] = [];
    for (const { count, east, south } of shown) {
      const x = view.width / 2 + (Math.round(east - view.east) | 0) * view.x;
      const y = view.height / 2 + (south - view.south) * view.y;
      const height = (TEXT_PIXELS + TENFOLD_PIXELS * (Math.log10(count) - 1)) * ratio;
      if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
      context.font = `600 ${height}px system-ui, sans-serif`;
      const text = count.toLocaleString("en-US");
      const [across, down] = [context.measureText(text).width / 2 + APART_PIXELS * ratio, height / 2 + APART_PIXELS * ratio];
      const [left, top, right, bottom] = [x - across, y - down, x + across, y + down];
      if (taken.some((other) => left < other[2] && right > other[0] && top < other[3] && bottom > other[1])) continue;
      taken.push([left, top, right, bottom]);
      context.strokeText(text, x, y);
      context.fillText(text, x, y);
    }
  }
  function show(): void {
    shown = cells(fleet, map.getZoom());
    write();
  }
  map.on("move", write);
  map.on("zoomend", show);
  map.on("resize", write);
  onTheme(write);
  return show;
}
