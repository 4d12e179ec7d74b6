// The cars on the map: typed arrays that are changed in place, and moved between ticks as they are drawn.
import type { Map as Chart } from "maplibre-gl";
import { isSoftware, onCanvas } from "./cars-canvas";
import { onGraphicsCard } from "./cars-webgl";
import type { Fleet } from "./fleet";
import { STEP_X, STEP_Y, stepsEast, stepsSouth } from "./mercator";
import { viewOf, type View } from "./overlay";

const TICK_MS = 1000;
const HIDDEN = 128;
const RING_PIXELS = 11;
/** With fewer cars than this each is drawn so large that it can be found on a map of the world. */
const FEW = 2000;
/** A frame in which no car has moved further than this looks like the one before: it is not drawn. */
const SEEN_PIXELS = 0.25;
const FRAME_MS = 16;
/** Where so many are looked at that they cover each other, they are smaller: all of them take about so many pixels. */
const MOST_PIXELS = 600_000;

export interface CarsLook {
  /** Colours by the number of the status, each 0 to 1. */
  colors: Float32Array;
  rim: [number, number, number];
}

/** What draws cars: made with the map and with what it calls when a frame is due. */
export interface CarsDrawing {
  /** Whence and where to cars go (steps, two a car), their states (`HIDDEN` or their status), how many; they are kept. */
  set(from: Int32Array<ArrayBuffer>, to: Int32Array<ArrayBuffer>, states: Uint8Array<ArrayBuffer>, size: number): void;
  /** A frame is due soon. */
  again(): void;
  /** All cars, `width` pixels wide, a part of the way along; and rings around some. */
  frame(view: View, passed: number, look: CarsLook, rings: { car: number; pixels: number }[], width: number): void;
}

export class Cars {
  private readonly draw: CarsDrawing;
  private from = new Int32Array(0);
  private to = new Int32Array(0);
  private state = new Uint8Array(0);
  private tickAt = 0;
  /** How far the fastest shown car goes in this tick, in steps south. */
  private farthest = 0;
  private waiting = 0;
  private isNew = false;
  /** How many shown cars lie in the part of the map that is looked at. */
  private inView = 0;
  /** The places of the chosen car and of the one under the pointer; -1: none. */
  private chosen = -1;
  private pointed = -1;

  constructor(
    private readonly map: Chart,
    private readonly fleet: Fleet,
    private look: CarsLook,
    private readonly still = matchMedia("(prefers-reduced-motion: reduce)").matches,
  ) {
    const draw = (): void => this.frame();
    this.draw = isSoftware() ? onCanvas(map, draw) : onGraphicsCard(map, draw);
    map.on("moveend", () => this.count());
  }

  get selected(): number {
    return this.chosen;
  }

  set selected(car: number) {
    this.chosen = car;
    this.draw.again();
  }

  get hovered(): number {
    return this.pointed;
  }

  set hovered(car: number) {
    this.pointed = car;
    this.draw.again();
  }

  recolor(look: CarsLook): void {
    this.look = look;
    this.draw.again();
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
    this.draw.set(this.from, this.to, this.state, size);
    this.count();
    this.draw.again();
  }

  /** The shown car nearest to a place, within so many pixels; -1: none. */
  nearest(lng: number, lat: number, pixels: number): number {
    const { fleet, map } = this;
    const worldPixels = 512 * 2 ** map.getZoom();
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

  private frame(): void {
    const { map, fleet, chosen, pointed } = this;
    if (!fleet.size || this.state.length < fleet.size) return;
    const passed = this.passed();
    const width = this.pixels(map.getZoom()) * map.getPixelRatio();
    const rings = [...new Set([pointed, chosen])].filter((car) => car >= 0 && car < fleet.size);
    const pixels = width + RING_PIXELS * map.getPixelRatio();
    this.draw.frame(viewOf(map), passed, this.look, rings.map((car) => ({ car, pixels })), width);
    this.goOn(passed);
  }

  /** Draws the next frame when a car will have moved so far that one can see it. */
  private goOn(passed: number): void {
    clearTimeout(this.waiting);
    if (!this.farthest || passed >= 1) return;
    const pixels = this.farthest * viewOf(this.map).y;
    const wait = Math.min((SEEN_PIXELS / pixels) * TICK_MS, TICK_MS * (1 - passed));
    if (wait <= FRAME_MS) this.draw.again();
    else this.waiting = window.setTimeout(() => this.draw.again(), wait);
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
