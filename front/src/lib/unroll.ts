// Outlines on a sphere, made outlines on a flat map: rings that cross the 180th meridian go on beyond it, and one around a
// pole is closed along the map's edge. Without that, lines run straight across the map.
import type { Position } from "geojson";

const POLE = 90;

/** A line whose longitudes nowhere jump; they may leave -180 to 180. */
export function unrolled(line: Position[]): Position[] {
  let turns = 0;
  return line.map(([longitude, latitude], index) => {
    const step = index ? longitude! - line[index - 1]![0]! : 0;
    if (step > 180) turns -= 360;
    else if (step < -180) turns += 360;
    return [longitude! + turns, latitude!];
  });
}

/** A ring, closed also where it goes around a pole. */
export function unrolledRing(ring: Position[]): Position[] {
  const open = unrolled(ring);
  const [first, last] = [open[0]!, open.at(-1)!];
  if (Math.abs(last[0]! - first[0]!) < 180) return open;
  const pole = first[1]! < 0 ? -POLE : POLE;
  return [...open, [last[0]!, pole], [first[0]!, pole], first];
}
