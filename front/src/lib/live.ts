// Every sample of a vehicle's signals as it comes; over a link that breaks, without a gap, or with the word that there is one.
//
// What was missed is in the lake a moment later: after a break, the store is asked for all from the last sample seen to
// the first that came live again. A vehicle's samples reach the lake in order, so once that first one is there, so is
// everything before it. What cannot be had stays a gap, and the chart shows it.
import { now } from "./clock";
import { Problem, socketUrl } from "./api";
import { fetchSamples, secondsOf } from "./samples";
import type { Sample } from "./series";

export interface LiveOptions {
  vehicle: string;
  signals: string[];
  /** From when on samples are wanted, Unix seconds: the first stretch is fetched like a missed one. */
  since: number;
  onSamples(samples: Sample[]): void;
  /** The stretches of time of which samples are missing, whenever that changes. */
  onGaps(gaps: Gap[]): void;
  onState(state: LinkState): void;
}

/** A stretch of which samples are missing, up to Infinity while there is no link; `final`: they could not be had later. */
export interface Gap {
  from: number;
  to: number;
  final: boolean;
}

/** `live`, or for how long there is no link and when it is tried again. */
export type LinkState = { kind: "live" } | { kind: "connecting" } | { kind: "broken"; since: number; retryInS: number };

/** Whether what was fetched goes as far as what came live. */
type Reached = (samples: Sample[]) => boolean;

const FIRST_RETRY_S = 0.5;
const LONGEST_RETRY_S = 15;
/** The server says something every 5 s: three times nothing is a broken link. */
const SILENT_S = 16;
const QUIET_CAR_S = 4;
const ATTEMPTS = 8;
/** One campaign's samples may come later than another's: so much before the last one seen is asked for again. */
const OVERLAP_S = 10;
const AHEAD_S = 3600;
const POLICY_VIOLATION = 1008;

export class Live {
  private socket?: WebSocket;
  private seen: number;
  private readonly missing = new Set<Gap>();
  private broken?: Gap;
  private failures = 0;
  private brokenAt = 0;
  private heardAt = 0;
  private stopped = false;
  private retry = 0;
  private firstHeard?: (sample: Sample) => void;
  private readonly watch = window.setInterval(() => this.checkAlive(), 1000);
  private readonly online = (): void => {
    if (!this.socket) this.open();
  };

  constructor(private readonly options: LiveOptions) {
    this.seen = options.since;
    addEventListener("online", this.online);
    this.open();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    clearInterval(this.watch);
    removeEventListener("online", this.online);
    this.socket?.close();
  }

  private open(): void {
    clearTimeout(this.retry);
    if (this.stopped) return;
    const query = new URLSearchParams({ vehicle: this.options.vehicle, every: "true" });
    for (const signal of this.options.signals) query.append("signal", signal);
    const socket = new WebSocket(socketUrl("/live", query));
    this.socket = socket;
    this.heardAt = performance.now();
    if (!this.brokenAt) this.options.onState({ kind: "connecting" });
    socket.onopen = () => {
      this.brokenAt = 0;
      this.options.onState({ kind: "live" });
      const first = new Promise<Reached>((resolve) => {
        this.firstHeard = ({ signal, time }) =>
          resolve((samples) => samples.some((sample) => sample.signal === signal && sample.time >= time));
        setTimeout(() => resolve(() => true), QUIET_CAR_S * 1000); // a car that says nothing has nothing more
      });
      const gap = this.broken ?? { from: this.seen, to: now(), final: false };
      this.broken = undefined;
      gap.to = now();
      void this.fill(gap, first);
    };
    socket.onmessage = (event) => this.heard(JSON.parse(event.data as string));
    socket.onclose = (event) => {
      if (this.socket === socket) this.lostLink(event.code);
    };
  }

  private heard(rows: (Record<string, unknown> & { time?: string })[]): void {
    this.heardAt = performance.now();
    this.failures = 0;
    const samples: Sample[] = [];
    for (const row of rows) {
      if ("lost" in row) {
        const [from, to] = [secondsOf(row.start as string), secondsOf(row.end as string) + 0.001];
        const gap = { from, to, final: false };
        this.missing.add(gap);
        void this.fill(gap, Promise.resolve((found) => found.some((one) => one.time >= to - 0.001)));
      } else {
        samples.push({ ...(row as unknown as Sample), time: secondsOf(row.time!) });
      }
    }
    if (!samples.length) return;
    this.firstHeard?.(samples[0]!);
    this.firstHeard = undefined;
    for (const { time } of samples) this.seen = Math.max(this.seen, time);
    this.options.onSamples(samples);
  }

  private lostLink(code: number): void {
    this.socket = undefined;
    if (this.stopped) return;
    if (code === POLICY_VIOLATION) location.reload();
    if (!this.brokenAt) {
      this.brokenAt = now();
      this.broken = { from: this.seen, to: Infinity, final: false };
      this.missing.add(this.broken);
      this.tell();
    }
    const wait = Math.min(FIRST_RETRY_S * 2 ** this.failures, LONGEST_RETRY_S) * (0.75 + Math.random() / 2);
    this.failures += 1;
    this.options.onState({ kind: "broken", since: this.brokenAt, retryInS: wait });
    this.retry = window.setTimeout(() => this.open(), wait * 1000);
  }

  private checkAlive(): void {
    if (!this.socket || performance.now() - this.heardAt < SILENT_S * 1000) return;
    const socket = this.socket;
    this.socket = undefined;
    socket.close(); // onclose of a dead link may come minutes later
    this.lostLink(0);
  }

  /** Fetches what is missing, again and again until what came live afterwards is there too. */
  private async fill(gap: Gap, afterwards: Promise<Reached>): Promise<void> {
    this.tell();
    for (let attempt = 0; attempt < ATTEMPTS && !this.stopped; attempt++) {
      try {
        const samples = await fetchSamples(this.options.vehicle, this.options.signals, gap.from - OVERLAP_S, now() + AHEAD_S);
        if (this.stopped) return;
        this.options.onSamples(samples);
        const reached = await afterwards;
        if (reached(samples)) {
          this.missing.delete(gap);
          return this.tell();
        }
      } catch (error) {
        if (error instanceof Problem && error.status < 500 && error.status !== 429) break;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(1 + attempt / 2, 4)));
    }
    gap.final = true;
    this.missing.add(gap);
    this.tell();
  }

  private tell(): void {
    this.options.onGaps([...this.missing]);
  }
}
