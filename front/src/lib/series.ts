// Samples as they come, by vehicle and signal: in order of time, each once, and no older than what is shown.
import { before } from "./search";

/** A sample; its time in Unix seconds. Exactly one of value and text is set. */
export interface Sample {
  vehicle: string;
  signal: string;
  time: number;
  value: number | null;
  text: string | null;
}

/** What is known of one signal of one vehicle, ascending by time. */
export interface Series {
  times: number[];
  values: (number | null)[];
  texts: (string | null)[];
}

/** The most samples of a signal that are kept: ten minutes at 100 Hz. */
const MOST = 60_000;

export class SeriesStore {
  private readonly all = new Map<string, Series>();

  /** The samples of a signal; they grow as more come in. */
  of(vehicle: string, signal: string): Series {
    const key = `${vehicle}\n${signal}`;
    let found = this.all.get(key);
    if (!found) this.all.set(key, (found = { times: [], values: [], texts: [] }));
    return found;
  }

  /** Takes samples in any order; one of a time that is known already takes its place. */
  merge(samples: Iterable<Sample>): void {
    for (const sample of samples) put(this.of(sample.vehicle, sample.signal), sample);
  }

  /** Forgets what is before that, but the last sample of each signal: a state still holds. */
  forgetBefore(time: number): void {
    for (const series of this.all.values()) {
      drop(series, Math.max(before(series.times, time), series.times.length - MOST));
    }
  }

  clear(): void {
    this.all.clear();
  }
}

function put(series: Series, { time, value, text }: Sample): void {
  const last = series.times.length - 1;
  const at = last < 0 || time > series.times[last]! ? last + 1 : before(series.times, time);
  if (at > last || at < 0 || series.times[at] !== time) {
    const place = at > last ? at : at + 1;
    series.times.splice(place, 0, time);
    series.values.splice(place, 0, value);
    series.texts.splice(place, 0, text);
  } else {
    series.values[at] = value;
    series.texts[at] = text;
  }
}

function drop(series: Series, count: number): void {
  if (count <= 0) return;
  series.times.splice(0, count);
  series.values.splice(0, count);
  series.texts.splice(0, count);
}
