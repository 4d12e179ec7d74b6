// All vehicles of the company, as columns: what the map draws, the list shows and the legend counts.
import { stepsEast, stepsSouth } from "./mercator";
import { NOWHERE, type Frame } from "./position-frames";

export const STATUSES = ["offline", "parked", "moving", "charging"] as const;
export type Status = (typeof STATUSES)[number];

const FIRST_ROOM = 1024;
const E7 = 1e7;

export class Fleet {
  ids: string[] = [];
  /** How many vehicles the last frame spoke of. */
  size = 0;
  /** When the twin was last asked, milliseconds since 1970, and this page's clock then. */
  moment = 0;
  private at = 0;

  longitude = new Int32Array(0);
  latitude = new Int32Array(0);
  /** Mercator steps (mercator.ts). */
  east = new Int32Array(0);
  south = new Int32Array(0);
  /** Whether the position is known. */
  placed = new Uint8Array(0);
  position = new Uint32Array(0);
  seen = new Uint32Array(0);
  speed = new Float32Array(0);
  charge = new Float32Array(0);
  status = new Uint8Array(0);
  /** Whether the filter lets it through, and the chosen statuses too. */
  matching = new Uint8Array(0);
  shown = new Uint8Array(0);

  /** Which vehicles a filter found, by id; null: all. */
  members: ReadonlySet<string> | null = null;
  /** Which statuses are shown; empty: all. */
  statuses = new Set<Status>();
  private readonly places = new Map<string, number>();

  name(first: number, ids: string[]): void {
    if (first === 0) {
      this.places.clear();
      this.ids = [];
      this.size = 0;
    }
    for (const [offset, id] of ids.entries()) {
      this.ids[first + offset] = id;
      this.places.set(id, first + offset);
    }
  }

  indexOf(id: string): number | undefined {
    return this.places.get(id);
  }

  /** The server's clock, Unix seconds. */
  get now(): number {
    return this.moment / 1000 + (performance.now() - this.at) / 1000;
  }

  apply(frame: Frame): void {
    this.makeRoom(frame.vehicles);
    this.size = frame.vehicles;
    this.moment = frame.moment;
    this.at = performance.now();
    for (let entry = 0; entry < frame.index.length; entry++) {
      const car = frame.index[entry]!;
      const longitude = frame.longitude[entry]!;
      const latitude = frame.latitude[entry]!;
      if (longitude !== this.longitude[car] || latitude !== this.latitude[car]) {
        this.longitude[car] = longitude;
        this.latitude[car] = latitude;
        this.placed[car] = longitude === NOWHERE ? 0 : 1;
        this.east[car] = stepsEast(longitude / E7);
        this.south[car] = stepsSouth(latitude / E7);
      }
      this.position[car] = frame.position[entry]!;
      this.seen[car] = frame.seen[entry]!;
      this.speed[car] = frame.speed[entry]!;
      this.charge[car] = frame.charge[entry]!;
      this.status[car] = frame.status[entry]!;
    }
    this.filter();
  }

  /** Works out which vehicles are shown. */
  filter(): void {
    const chosen = STATUSES.map((status) => (this.statuses.size === 0 || this.statuses.has(status) ? 1 : 0));
    for (let car = 0; car < this.size; car++) {
      this.matching[car] = this.members === null || this.members.has(this.ids[car]!) ? 1 : 0;
      this.shown[car] = this.matching[car]! & chosen[this.status[car]!]!;
    }
  }

  /** How many of those that the filter lets through have each status. */
  counts(): Record<Status, number> {
    const counts = [0, 0, 0, 0];
    for (let car = 0; car < this.size; car++) counts[this.status[car]!]! += this.matching[car]!;
    return Object.fromEntries(STATUSES.map((status, number) => [status, counts[number]!])) as Record<Status, number>;
  }

  private makeRoom(vehicles: number): void {
    const room = this.status.length;
    if (vehicles <= room) return;
    const wanted = Math.max(FIRST_ROOM, 2 ** Math.ceil(Math.log2(vehicles)));
    const grown = <T extends Int32Array | Uint32Array | Float32Array | Uint8Array>(old: T): T => {
      const made = new (old.constructor as new (size: number) => T)(wanted);
      made.set(old as never);
      return made;
    };
    this.longitude = grown(this.longitude);
    this.latitude = grown(this.latitude);
    this.east = grown(this.east);
    this.south = grown(this.south);
    this.placed = grown(this.placed);
    this.position = grown(this.position);
    this.seen = grown(this.seen);
    this.speed = grown(this.speed);
    this.charge = grown(this.charge);
    this.status = grown(this.status);
    this.matching = grown(this.matching);
    this.shown = grown(this.shown);
  }
}
