// The cars, drawn by the main thread on a canvas over the map: for browsers that have no graphics card to draw with. There
// each point costs microseconds, and setting its pixels here a fourteenth of that; and the map below is not drawn again.
import type { Map as Chart } from "maplibre-gl";
import type { CarsDrawing } from "./cars";
import { overlay, type View } from "./overlay";

/** Around the picture, so that a car at its edge needs no care; and how near to the end of that a car's middle may be. */
const MARGIN = 64;
const EDGE = MARGIN / 2;
const HIDDEN = 128;
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether the processor does a graphics card's work. */
export function isSoftware(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return true;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return SOFTWARE.test(renderer);
}

/** Draws as `onGraphicsCard` of cars-webgl.ts does. */
export function onCanvas(map: Chart, draw: () => void): CarsDrawing {
  const context = overlay(map, { willReadFrequently: true }); // a canvas in the main thread's memory
  let image = new ImageData(1, 1);
  let pixels = new Uint32Array(image.data.buffer);
  let from = new Int32Array(0);
  let to = from;
  let state = new Uint8Array(0);
  let size = 0;
  let asked = 0;
  map.on("render", draw);

  return {
    set(cars, goals, states, count) {
      [from, to, state, size] = [cars, goals, states, count];
    },
    again() {
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        draw();
      });
    },
    frame(view, passed, look, rings, width) {
      const stride = view.width + 2 * MARGIN;
      const rows = view.height + 2 * MARGIN;
      if (image.width !== stride || image.height !== rows) {
        image = new ImageData(stride, rows);
        pixels = new Uint32Array(image.data.buffer);
      } else {
        pixels.fill(0);
      }
      const colors = Uint32Array.from([0, 1, 2, 3], (status) => packed(look.colors.subarray(3 * status, 3 * status + 3)));
      const paint: Paint = { pixels, stride, rows, colors, rim: packed(look.rim) };
      const cars = { from, to, state };
      stamp(paint, cars, 0, size, view, passed, disc(width, stride));
      for (const { car, pixels: wide } of rings) stamp(paint, cars, car, car + 1, view, passed, disc(wide, stride, true));
      context.putImageData(image, -MARGIN, -MARGIN);
    },
  };
}

interface Paint {
  pixels: Uint32Array;
  stride: number;
  rows: number;
  colors: Uint32Array;
  rim: number;
}

interface Cars {
  from: Int32Array;
  to: Int32Array;
  state: Uint8Array;
}

/** The cars from `first` to `end`. It is here that the time of a frame goes: what the loops need is at hand. */
function stamp({ pixels, stride, rows, colors, rim }: Paint, { from, to, state }: Cars, first: number, end: number, view: View, passed: number, shape: Shape): void {
  const { east, south, x: scaleX, y: scaleY } = view;
  const { inside, edge } = shape;
  const [middleX, middleY] = [view.width / 2 + MARGIN, view.height / 2 + MARGIN];
  const [right, bottom] = [stride - EDGE, rows - EDGE];
  for (let car = first; car < end; car++) {
    const status = state[car]!;
    if (status & HIDDEN) continue;
    const fromX = from[2 * car]!;
    const fromY = from[2 * car + 1]!;
    const x = (middleX + (((fromX - east) | 0) + ((to[2 * car]! - fromX) | 0) * passed) * scaleX) | 0;
    const y = (middleY + (((fromY - south) | 0) + ((to[2 * car + 1]! - fromY) | 0) * passed) * scaleY) | 0;
    if (x < EDGE || y < EDGE || x >= right || y >= bottom) continue;
    const middle = y * stride + x;
    const color = colors[status & 3]!;
    for (let at = 0; at < inside.length; at++) pixels[middle + inside[at]!] = color;
    for (let at = 0; at < edge.length; at++) pixels[middle + edge[at]!] = rim;
  }
}

/** Red, green and blue of 0 to 1 as a pixel that covers. */
function packed(parts: ArrayLike<number>): number {
  const byte = (part: number): number => Math.round(255 * parts[part]!);
  return (0xff000000 | (byte(2) << 16) | (byte(1) << 8) | byte(0)) >>> 0;
}

/** Which pixels, relative to its middle, a car covers. */
interface Shape {
  inside: Int32Array;
  edge: Int32Array;
}

/** Of a car so many pixels wide, a small one being a square; or of a ring. */
function disc(size: number, stride: number, ring = false): Shape {
  const inside: number[] = [];
  const edge: number[] = [];
  const whole = Math.max(Math.round(size), 1);
  const radius = whole / 2;
  for (let row = 0; row < whole; row++) {
    for (let column = 0; column < whole; column++) {
      const [x, y] = [column + 0.5 - radius, row + 0.5 - radius];
      const distance = Math.hypot(x, y);
      const at = (row - (whole >> 1)) * stride + column - (whole >> 1);
      if (whole < 5) inside.push(at);
      else if (distance > radius) continue;
      else if (ring) { if (distance > radius - 3) inside.push(at); }
      else (distance > radius - 1 ? edge : inside).push(at);
    }
  }
  return { inside: Int32Array.from(inside), edge: Int32Array.from(edge) };
}
