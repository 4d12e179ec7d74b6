// Where a signal was not heard: a line over such a time would be invented.

/** A trace's times (Unix seconds, ascending) and its values; null where it has none. */
export interface Columns {
  times: number[];
  values: (number | null)[];
}

const USUAL = 8;

/**
 * The columns with a null inside of every gap, so that no line is drawn over it.
 *
 * A gap is more than eight times the usual distance of samples (the median), and `atLeastS`; or `gapS`, where the
 * caller knows. Samples at the window's edges are no gap: they have no neighbour.
 */
export function withGaps(columns: Columns, atLeastS: number, gapS?: number): Columns {
  const { times, values } = columns;
  const longest = gapS ?? Math.max(atLeastS, USUAL * usual(times));
  const found: Columns = { times: [], values: [] };
  for (let at = 0; at < times.length; at++) {
    if (at && times[at]! - times[at - 1]! > longest) {
      found.times.push((times[at]! + times[at - 1]!) / 2);
      found.values.push(null);
    }
    found.times.push(times[at]!);
    found.values.push(values[at]!);
  }
  return found;
}

function usual(times: number[]): number {
  if (times.length < 3) return Infinity;
  const every = Math.max(1, Math.floor(times.length / 500));
  const distances: number[] = [];
  for (let at = 1; at < times.length; at += every) distances.push(times[at]! - times[at - 1]!);
  return distances.sort((one, other) => one - other)[distances.length >> 1]!;
}
