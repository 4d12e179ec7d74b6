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

interface Column {
  vehicle: string;
  signal: string;
  times: number[];
  values: (number | null)[];
  texts: (string | null)[] | null;
}

const MOST = "1000000";

/** A moment of the API, in Unix seconds with its microseconds: `Date` would cut them off. */
export function secondsOf(iso: string): number {
  const whole = Date.parse(`${iso.slice(0, 19)}Z`) / 1000;
  return whole + (Number(`0.${/\.(\d+)/.exec(iso)?.[1] ?? 0}`) || 0);
}

/** The samples of some signals from a moment up to another (Unix seconds; the end is no part of it), each as it was. */
export async function fetchSamples(vehicle: string, signals: string[], from: number, to: number): Promise<Sample[]> {
  if (!signals.length || !(to > from)) return [];
  const query = asked(vehicle, signals, from, to);
  query.set("format", "json");
  query.set("limit", MOST);
  const rows = await askJson<Row[]>(`/signals?${query}`);
  return rows.map((row) => ({ ...row, time: secondsOf(row.time) }));
}

/** About so many of them for each signal, to draw: the least and the most of every span are among them. */
export async function fetchThinned(
  vehicle: string, signals: string[], from: number, to: number, points: number, signal?: AbortSignal,
): Promise<Sample[]> {
  if (!signals.length || !(to > from)) return [];
  const query = asked(vehicle, signals, from, to);
  query.set("points", String(points));
  const { series } = await askJson<{ series: Column[] }>(`/signals/series?${query}`, signal ? { signal } : {});
  return series.flatMap((one) => one.times.map((time, at) => ({
    vehicle: one.vehicle, signal: one.signal, time, value: one.values[at] ?? null, text: one.texts?.[at] ?? null,
  })));
}

function asked(vehicle: string, signals: string[], from: number, to: number): URLSearchParams {
  const query = new URLSearchParams({ vehicle, start: isoText(from), end: isoText(to) });
  for (const one of signals) query.append("signal", one);
  return query;
}
