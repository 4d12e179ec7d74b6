// What is drawn: the answer of `/v1/signals/series`, one panel a unit.
import { askJson } from "../lib/api";

/** Of a line, about: what the page asks for (kaido.console.chosen). */
const POINTS = 1200;

/** A signal of a vehicle; times in Unix seconds, ascending. Texts are null where it has numbers alone. */
export interface Line {
  vehicle: string;
  signal: string;
  unit: string | null;
  datatype: string | null;
  /** How many there are; more than `times` where they were thinned. */
  samples: number;
  times: number[];
  values: (number | null)[];
  texts: (string | null)[] | null;
}

/** Lines that share an axis. */
export interface Panel {
  unit: string;
  lines: Line[];
}

/** Asks for what the address says (`/signals/series?…`); in the order in which its signals are named, then those of patterns. */
export async function fetchLines(address: string, stop: AbortSignal): Promise<Line[]> {
  const named = new URLSearchParams(address.split("?")[1]).getAll("signal");
  const place = (line: Line): number => (named.includes(line.signal) ? named.indexOf(line.signal) : named.length);
  const { series } = await askJson<{ series: Line[] }>(address, { signal: stop });
  return series.sort((one, other) => place(one) - place(other));
}

/** One panel for each unit, in the order in which units first appear; lines of texts have none. */
export function panels(lines: Line[]): Panel[] {
  const found = new Map<string, Panel>();
  for (const line of lines.filter((one) => !one.texts)) {
    const unit = line.unit ?? "";
    if (!found.has(unit)) found.set(unit, { unit, lines: [] });
    found.get(unit)!.lines.push(line);
  }
  return [...found.values()];
}

/**
 * The longest time over which a line is drawn, seconds. The server keeps two points of each of equal spans, so of a
 * thinned line two spans without any are a gap; of one that is whole, its own usual distance says (undefined).
 */
export function gapS(line: Line): number | undefined {
  if (line.samples <= line.times.length) return undefined;
  return (3 * (line.times[line.times.length - 1]! - line.times[0]!)) / (POINTS / 2);
}

/** Whether a value holds until the next one. */
export function isStepped(line: Line): boolean {
  return line.datatype === "boolean" || line.datatype === "string";
}

/** The first and the last moment of all lines; undefined where there is none. */
export function extent(lines: Line[]): [number, number] | undefined {
  const firsts = lines.map((line) => line.times[0]!);
  const lasts = lines.map((line) => line.times[line.times.length - 1]!);
  return lines.length ? [Math.min(...firsts), Math.max(...lasts)] : undefined;
}
