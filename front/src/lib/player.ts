// One clock for a map, charts and lanes: a stretch of time, a moment in it, and how fast that runs.

export interface Range {
  from: number;
  to: number;
}

type Listener = () => void;

/** How many seconds of the past go by in one of now. */
export const RATES = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600];
const WHOLE_IN_S = 45;

export class Player {
  /** The stretch; null while live: then the moment is now. */
  range: Range | null = null;
  at = 0;
  playing = false;
  loop = false;
  rate = 1;
  private readonly listeners: Record<"seek" | "change", Set<Listener>> = { seek: new Set(), change: new Set() };
  private frame = 0;
  private last = 0;

  /** Calls back when the moment moved (`seek`), or anything else changed (`change`). */
  on(kind: "seek" | "change", listener: Listener): void {
    this.listeners[kind].add(listener);
  }

  /** Another stretch; the moment stays where it is, if that is within. Null is live. */
  choose(range: Range | null, at?: number): void {
    if (range && range.to - range.from < 1) range = { from: range.from, to: range.from + 1 };
    this.range = range;
    if (range) {
      this.rate = RATES.reduce((best, rate) => (rate <= (range.to - range.from) / WHOLE_IN_S ? rate : best), 1);
      const wanted = at ?? this.at;
      this.at = wanted >= range.from && wanted <= range.to ? wanted : range.from;
    } else {
      this.pause();
    }
    this.tell("change");
    this.tell("seek");
  }

  /** Goes to a moment, no further than the stretch. */
  seek(at: number): void {
    if (!this.range) return;
    this.at = Math.min(Math.max(at, this.range.from), this.range.to);
    this.tell("seek");
  }

  play(): void {
    if (!this.range || this.playing) return;
    if (this.at >= this.range.to) this.at = this.range.from;
    this.playing = true;
    this.last = performance.now();
    this.frame = requestAnimationFrame((now) => this.run(now));
    this.tell("change");
  }

  pause(): void {
    cancelAnimationFrame(this.frame);
    if (!this.playing) return;
    this.playing = false;
    this.tell("change");
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Steps by a share of the stretch, forward or back. */
  step(share: number): void {
    if (this.range) this.seek(this.at + share * (this.range.to - this.range.from));
  }

  /** How fast; it goes on playing. */
  setRate(rate: number): void {
    this.rate = rate;
    this.tell("change");
  }

  setLoop(loop: boolean): void {
    this.loop = loop;
    this.tell("change");
  }

  private run(now: number): void {
    if (!this.playing || !this.range) return;
    let at = this.at + (this.rate * Math.max(now - this.last, 0)) / 1000;
    this.last = now;
    if (at >= this.range.to) {
      if (!this.loop) {
        this.seek(this.range.to);
        return this.pause();
      }
      at = this.range.from;
    }
    this.seek(at);
    this.frame = requestAnimationFrame((next) => this.run(next));
  }

  private tell(kind: "seek" | "change"): void {
    for (const listener of this.listeners[kind]) listener();
  }
}
