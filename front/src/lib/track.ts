// Where a vehicle was when: its positions over time, between which it moves straight on.
import { fetchThinned } from "./samples";
import { before } from "./search";
import { type Series, SeriesStore } from "./series";

const LATITUDE = "Vehicle.CurrentLocation.Latitude";
const LONGITUDE = "Vehicle.CurrentLocation.Longitude";
const POINTS = 4000;

export class Track {
  private constructor(private readonly latitude: Series, private readonly longitude: Series) {}

  /** That of a stretch of time (Unix seconds). */
  static async fetch(vehicle: string, from: number, to: number): Promise<Track> {
    const store = new SeriesStore();
    store.merge(await fetchThinned(vehicle, [LATITUDE, LONGITUDE], from, to + 0.001, POINTS));
    return new Track(store.of(vehicle, LATITUDE), store.of(vehicle, LONGITUDE));
  }

  /** Longitude and latitude, as maps take them; null where nobody knows. */
  at(time: number): [number, number] | null {
    const [x, y] = [valueAt(this.longitude, time), valueAt(this.latitude, time)];
    return x === null || y === null ? null : [x, y];
  }
}

/** A series' value at a moment, straight between the samples around it; before the first and after the last, theirs. */
export function valueAt(series: Pick<Series, "times" | "values">, time: number): number | null {
  const { times, values } = series;
  if (!times.length) return null;
  const at = Math.min(Math.max(before(times, time), 0), times.length - 1);
  const [one, other] = [values[at]!, values[at + 1]];
  if (other === undefined || other === null || one === null || time <= times[at]!) return one;
  return one + ((other - one) * (time - times[at]!)) / (times[at + 1]! - times[at]!);
}
