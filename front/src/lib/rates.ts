// What `/v1/status` says, added up over processes and labels, and how fast what only grows grows.

export interface Process {
  component: string;
  pid: number | null;
  uptime_s: number | null;
  state: string;
  gauges: Record<string, number>;
  counters: Record<string, number>;
}

export interface Status {
  state: string;
  asked: string;
  vehicles: number;
  connected: number | null;
  processes: Process[];
  lake: Record<string, { rows: number; bytes: number; files: number }>;
}

/** A gauge of some processes over all its labels; null where none says it. */
export function gauge(processes: Process[], name: string, together: (values: number[]) => number = sum): number | null {
  const values = processes.flatMap((one) => series(one.gauges, name));
  return values.length ? together(values) : null;
}

/** How much a counter of some processes grew per second between two answers; null where nobody can say.
 *
 * A process that was started meanwhile counts from its start.
 */
export function rate(before: Status | null, now: Status, of: (one: Process) => boolean, name: string): number | null {
  if (!before) return null;
  const seconds = (Date.parse(now.asked) - Date.parse(before.asked)) / 1000;
  const known = new Map(before.processes.map((one) => [`${one.component} ${one.pid}`, one]));
  const grown = now.processes.filter(of).flatMap((one) => {
    const values = series(one.counters, name);
    if (!values.length) return [];
    const earlier = known.get(`${one.component} ${one.pid}`);
    return [Math.max(sum(values) - (earlier ? sum(series(earlier.counters, name)) : 0), 0)];
  });
  return grown.length && seconds > 0 ? sum(grown) / seconds : null;
}

export function sum(values: number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

export function most(values: number[]): number {
  return Math.max(...values);
}

function series(numbers: Record<string, number>, name: string): number[] {
  return Object.entries(numbers).filter(([key]) => key === name || key.startsWith(`${name}{`)).map(([, value]) => value);
}
