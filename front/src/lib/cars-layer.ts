// The cars on the map: one draw of points from typed arrays that are changed in place, moved between ticks by the GPU.
import type { CustomLayerInterface, CustomRenderMethodInput, Map as Chart } from "maplibre-gl";
import { isSoftware, raster } from "./cars-raster";
import { program } from "./cars-shader";
import type { Fleet } from "./fleet";
import { STEP_X, STEP_Y, stepsEast, stepsSouth } from "./mercator";

const TICK_MS = 1000;
const HIDDEN = 128;
const RING_PIXELS = 11;
/** With fewer cars than this each is drawn so large that it can be found on a map of the world. */
const FEW = 2000;
/** A frame in which no car has moved further than this looks like the one before: it is not drawn. */
const SEEN_PIXELS = 0.25;
const FRAME_MS = 16;
/** Where so many are looked at that they cover each other, they are smaller: all of them take about so many pixels. */
const MOST_PIXELS = 1_200_000;

export interface CarsLook {
  /** Colours by the number of the status, each 0 to 1. */
  colors: Float32Array;
  rim: [number, number, number];
}

/** How cars come onto the map. `upload` when something changed; for a frame `begin`, `points` (several times) and `end`. */
export interface CarsDrawing {
  upload(from: Int32Array, to: Int32Array, states: Uint8Array, size: number): void;
  begin(matrix: Float32Array, origin: [number, number], passed: number, look: CarsLook): void;
  /** Cars from `first` on, so many pixels wide; as rings where they are pointed at. */
  points(first: number, count: number, pixels: number, ring: boolean): void;
  end(): void;
  free(): void;
}

export class CarsLayer implements CustomLayerInterface {
  readonly id = "cars";
  readonly type = "custom" as const;
  /** The place of the chosen car, and of the one under the pointer; -1: none. */
  selected = -1;
  hovered = -1;
  private map?: Chart;
  private draw?: CarsDrawing;
  private from = new Int32Array(0);
  private to = new Int32Array(0);
  private state = new Uint8Array(0);
  private tickAt = 0;
  /** How far the fastest shown car goes in this tick, in steps south. */
  private farthest = 0;
  private waiting = 0;
  private isNew = false;
  private stale = true;
  /** How many shown cars lie in the part of the map that is looked at. */
  private inView = 0;

  constructor(
    private readonly fleet: Fleet,
    private look: CarsLook,
    private readonly still = matchMedia("(prefers-reduced-motion: reduce)").matches,
  ) {}

  recolor(look: CarsLook): void {
    this.look = look;
    this.map?.triggerRepaint();
  }

  /** The fleet has new positions: the cars go there within a second. */
  tick(): void {
    const { fleet } = this;
    const passed = this.passed();
    const known = this.to.length / 2;
    if (this.state.length < fleet.status.length) this.grow(fleet.status.length);
    this.farthest = 0;
    for (let car = 0; car < fleet.size; car++) {
      this.isNew = car >= known || (this.state[car]! & HIDDEN) !== 0;
      const way = Math.max(this.aim(2 * car, fleet.east[car]!, passed) / 2, this.aim(2 * car + 1, fleet.south[car]!, passed));
      if (way > this.farthest && fleet.shown[car]) this.farthest = way;
    }
    this.tickAt = performance.now();
    this.filter();
  }

  /** Which cars are shown has changed. */
  filter(): void {
    const { status, shown, placed, size } = this.fleet;
    for (let car = 0; car < size; car++) this.state[car] = status[car]! | (shown[car]! & placed[car]! ? 0 : HIDDEN);
    this.stale = true;
    this.count();
    this.map?.triggerRepaint();
  }

  onAdd(map: Chart, gl: WebGL2RenderingContext): void {
    this.map = map;
    map.on("moveend", () => this.count());
    this.draw = isSoftware(gl) ? raster(gl) : program(gl);
    this.stale = true;
  }

  onRemove(): void {
    this.draw?.free();
    this.draw = undefined;
  }

  render(_gl: WebGL2RenderingContext, { defaultProjectionData }: CustomRenderMethodInput): void {
    const { draw, map, fleet } = this;
    if (!draw || !map || !fleet.size || this.state.length < fleet.size) return;
    if (this.stale) draw.upload(this.from, this.to, this.state, fleet.size);
    this.stale = false;
    const { lng, lat } = map.getCenter();
    const [east, south] = [stepsEast(lng), stepsSouth(lat)];
    const passed = this.passed();
    const pixels = this.pixels(map.getZoom()) * devicePixelRatio;
    draw.begin(around(defaultProjectionData.mainMatrix as unknown as Float64Array, lng, south), [east, south], passed, this.look);
    draw.points(0, fleet.size, pixels, false);
    for (const car of new Set([this.hovered, this.selected])) {
      if (car >= 0 && car < fleet.size) draw.points(car, 1, pixels + RING_PIXELS * devicePixelRatio, true);
    }
    draw.end();
    this.goOn(map, passed);
  }

  /** The shown car nearest to a place, within so many pixels; -1: none. */
  nearest(lng: number, lat: number, pixels: number): number {
    const { fleet, map } = this;
    const worldPixels = 512 * 2 ** (map?.getZoom() ?? 0);
    const [east, south] = [stepsEast(lng), stepsSouth(lat)];
    let best = pixels * pixels;
    let found = -1;
    for (let car = 0; car < fleet.size; car++) {
      if (this.state[car]! & HIDDEN) continue;
      const x = ((fleet.east[car]! - east) | 0) * STEP_X * worldPixels;
      const y = (fleet.south[car]! - south) * STEP_Y * worldPixels;
      const distance = x * x + y * y;
      if (distance > best) continue;
      best = distance;
      found = car;
    }
    return found;
  }

  /** From where it is shown now a car goes to its next place; a new one is there at once. Gives back how far it goes. */
  private aim(part: number, goal: number, passed: number): number {
    const to = this.to[part]!;
    const shown = passed === 1 ? to : this.from[part]! + ((to - this.from[part]!) | 0) * passed;
    this.from[part] = this.isNew ? goal : shown;
    this.to[part] = goal;
    return Math.abs((goal - this.from[part]!) | 0);
  }

  /** Draws the next frame when a car will have moved so far that one can see it. */
  private goOn(map: Chart, passed: number): void {
    clearTimeout(this.waiting);
    if (!this.farthest || passed >= 1) return;
    const pixels = this.farthest * STEP_Y * 512 * 2 ** map.getZoom() * devicePixelRatio;
    const wait = Math.min((SEEN_PIXELS / pixels) * TICK_MS, TICK_MS * (1 - passed));
    if (wait <= FRAME_MS) map.triggerRepaint();
    else this.waiting = window.setTimeout(() => map.triggerRepaint(), wait);
  }

  private passed(): number {
    return this.still ? 1 : Math.min((performance.now() - this.tickAt) / TICK_MS, 1);
  }

  private pixels(zoom: number): number {
    const size = Math.min(Math.max(2 + 0.6 * zoom, 3), 11);
    if (this.fleet.size < FEW) return Math.max(size, 8);
    return Math.max(Math.min(size, Math.sqrt(MOST_PIXELS / Math.max(this.inView, 1))), 2);
  }

  private count(): void {
    if (!this.map) return;
    const { fleet } = this;
    const bounds = this.map.getBounds();
    const west = stepsEast(bounds.getWest());
    const width = ((bounds.getEast() - bounds.getWest()) / 360) * 2 ** 32;
    const north = stepsSouth(bounds.getNorth());
    const south = stepsSouth(bounds.getSouth());
    this.inView = 0;
    for (let car = 0; car < fleet.size; car++) {
      if (this.state[car]! & HIDDEN || fleet.south[car]! < north || fleet.south[car]! > south) continue;
      if ((fleet.east[car]! - west) >>> 0 <= width) this.inView += 1;
    }
  }

  private grow(room: number): void {
    const [from, to, state] = [this.from, this.to, this.state];
    this.from = new Int32Array(2 * room);
    this.to = new Int32Array(2 * room);
    this.state = new Uint8Array(room).fill(HIDDEN);
    this.from.set(from);
    this.to.set(to);
    this.state.set(state);
  }
}

/** A matrix for Mercator's unit square, made one for steps from a place: so the GPU's short numbers stay small. */
function around(matrix: Float64Array, lng: number, south: number): Float32Array {
  const [x, y] = [0.5 + lng / 360, 0.5 + south * STEP_Y];
  const moved = new Float32Array(16);
  for (let row = 0; row < 4; row++) {
    const [a, b] = [matrix[row]!, matrix[row + 4]!];
    moved[row] = a * STEP_X;
    moved[row + 4] = b * STEP_Y;
    moved[row + 8] = matrix[row + 8]!;
    moved[row + 12] = a * x + b * y + matrix[row + 12]!;
  }
  return moved;
}
