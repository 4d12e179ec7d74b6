// Samples from `/v1/signals`, for a stretch of time.
import { askJson } from "./api";
import type { Sample } from "./series";
import { isoText } from "./when";

interface Row {
  vehicle: string;
  signal: string;
  time: string;
  value: number | null;
  text: string | null;
}

/** A moment of the API, in Unix seconds with its microseconds: `Date` would cut them off. */
export function secondsOf(iso: string): number {
  const whole = Date.parse(`${iso.slice(0, 19)}Z`) / 1000;
  return whole + (Number(`0.${/\.(\d+)/.exec(iso)?.[1] ?? 0}`) || 0);
}

/**
 * The samples of some signals from a moment up to another (Unix seconds; the end is no part of it).
 *
 * With `points`, about as many of each signal, the least and the most of every span among them.
 */
export async function fetchSamples(
  vehicle: string, signals: string[], from: number, to: number, points?: number, signal?: AbortSignal,
): Promise<Sample[]> {
  if (!signals.length || !(to > from)) return [];
  const query = new URLSearchParams({ vehicle, start: isoText(from), end: isoText(to), format: "json", limit: "1000000" });
  for (const one of signals) query.append("signal", one);
  if (points) query.set("points", String(points));
  const rows = await askJson<Row[]>(`/signals?${query}`, signal ? { signal } : {});
  return rows.map((row) => ({ ...row, time: secondsOf(row.time) }));
}
