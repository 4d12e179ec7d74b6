// The distance a vehicle had come at each moment: the integral of its speed.
import type { Series } from "./series";

/**
 * Metres since the first sample, at each sample of a speed in km/h; between samples the speed changes evenly.
 *
 * With the distance that is known of the whole, all are scaled to it: speeds that were thinned for drawing keep their
 * extremes, not their mean.
 */
export function distances(speed: Pick<Series, "times" | "values">, whole: number | null): { times: number[]; values: number[] } {
  const times = [...speed.times];
  const values: number[] = [];
  let come = 0;
  times.forEach((time, at) => {
    if (at) come += (((speed.values[at - 1] ?? 0) + (speed.values[at] ?? 0)) / 2 / 3.6) * (time - times[at - 1]!);
    values.push(come);
  });
  const scale = whole !== null && come > 0 ? whole / come : 1;
  return { times, values: values.map((one) => one * scale) };
}
