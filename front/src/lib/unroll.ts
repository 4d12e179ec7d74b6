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

/** A polygon about the middle of the map, its holes where it is. */
export function unrolledPolygon(rings: Position[][]): Position[][] {
  const [outline, ...holes] = rings.map(unrolledRing);
  const land = moved(outline!, 0);
  return [land, ...holes.map((hole) => moved(hole, middle(land)))];
}

/** A ring, moved around the world to where its middle is next to a longitude. */
function moved(ring: Position[], to: number): Position[] {
  const by = 360 * Math.round((to - middle(ring)) / 360);
  return ring.map(([longitude, latitude]) => [longitude! + by, latitude!]);
}

function middle(ring: Position[]): number {
  const longitudes = ring.map(([longitude]) => longitude!);
  return (Math.min(...longitudes) + Math.max(...longitudes)) / 2;
}

/** A ring, closed also where it goes around a pole. */
function unrolledRing(ring: Position[]): Position[] {
  const open = unrolled(ring);
  const [first, last] = [open[0]!, open.at(-1)!];
  if (Math.abs(last[0]! - first[0]!) < 180) return open;
  const pole = first[1]! < 0 ? -POLE : POLE;
  return [...open, [last[0]!, pole], [first[0]!, pole], first];
}
