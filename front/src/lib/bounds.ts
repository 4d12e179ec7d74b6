// The part of the globe that holds all shown cars, on the shorter way around.
import type { Fleet } from "./fleet";
import { latitudeOf } from "./mercator";

const BINS = 720;

/** West, south, east, north in degrees; east may be beyond 180. Null where no shown car has a place. */
export function boundsOf(fleet: Fleet): [number, number, number, number] | null {
  const used = new Uint8Array(BINS);
  let top = Infinity;
  let bottom = -Infinity;
  for (let car = 0; car < fleet.size; car++) {
    if (!(fleet.shown[car]! & fleet.placed[car]!)) continue;
    used[(fleet.east[car]! + 2 ** 31) / 2 ** 32 * BINS | 0] = 1;
    top = Math.min(top, fleet.south[car]!);
    bottom = Math.max(bottom, fleet.south[car]!);
  }
  if (top > bottom) return null;
  let [west, width, last] = [0, BINS, used.lastIndexOf(1) - BINS];
  for (let bin = 0; bin < BINS; bin++) {
    if (!used[bin]) continue;
    if (last - bin + BINS < width) [west, width] = [bin, last - bin + BINS];
    last = bin;
  }
  const degrees = 360 / BINS;
  const from = west * degrees - 180;
  return [from, latitudeOf(bottom), from + (width + 1) * degrees, latitudeOf(top)];
}
