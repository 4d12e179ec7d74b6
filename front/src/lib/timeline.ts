// A vehicle's history as a strip: what it did when. Drag over it to choose a stretch, click on a trip or a charge for that.
import { now } from "./clock";
import type { Range } from "./player";
import { clockText, dayText, durationText, minuteText, momentText, zoneText } from "./when";

/** What a vehicle did for some time. */
export interface Activity extends Range {
  kind: "trip" | "charge" | "idle";
  id: string;
}

export interface TimelineOptions {
  onSelect(range: Range): void;
  onSeek(at: number): void;
  /** The shown stretch of history was changed by wheel or pinch. */
  onView(view: Range): void;
}

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 56;
/** The width of one of a label, about. */
const CHARACTER = 6.6;
const BAND = { top: 4, height: 26 };
const LABELS = { trip: "Trip", charge: "Charge", idle: "Parked" };
const STEPS_S = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000];

export class Timeline {
  private readonly svg = document.createElementNS(SVG, "svg");
  private activities: Activity[] = [];
  private view: Range = { from: 0, to: 1 };
  private selection: Range | null = null;
  private at: number | null = null;
  private readonly head = make("rect", { class: "head", y: 0, width: 2, height: HEIGHT - 16 });

  constructor(private readonly host: HTMLElement, private readonly options: TimelineOptions) {
    this.svg.setAttribute("height", String(HEIGHT));
    this.svg.setAttribute("role", "img");
    host.append(this.svg);
    new ResizeObserver(() => this.draw()).observe(host);
    this.listen();
  }

  /** Shows all of this. */
  set(activities: Activity[], view: Range, selection: Range | null): void {
    Object.assign(this, { activities, view, selection });
    this.draw();
  }

  /** Where the player is. */
  seek(at: number | null): void {
    this.at = at;
    this.head.setAttribute("x", String(at === null ? -9 : this.x(at) - 1));
  }

  private get width(): number {
    return Math.max(this.host.clientWidth, 1);
  }

  private x(time: number): number {
    return ((time - this.view.from) / (this.view.to - this.view.from)) * this.width;
  }

  private time(x: number): number {
    return this.view.from + (x / this.width) * (this.view.to - this.view.from);
  }

  private draw(): void {
    const { from, to } = this.view;
    const seen = this.activities.filter((one) => one.to >= from && one.from <= to);
    const bands = seen.map((one) => {
      const left = Math.max(this.x(one.from), -4);
      const band = make("rect", {
        class: one.kind, x: left, y: BAND.top, height: BAND.height, rx: 2,
        width: Math.max(Math.min(this.x(one.to), this.width + 4) - left, 1.5),
      });
      const title = make("title", {});
      title.textContent = `${LABELS[one.kind]} of ${durationText(one.to - one.from)}, from ${momentText(one.from)}`;
      band.append(title);
      return band;
    });
    const chosen = this.selection
      ? [make("rect", {
          class: "chosen", x: this.x(this.selection.from), y: 0, height: HEIGHT - 16,
          width: Math.max(this.x(this.selection.to) - this.x(this.selection.from), 2),
        })]
      : [];
    const nowLine = make("rect", { class: "now", x: this.x(now()), y: 0, width: 1, height: HEIGHT - 16 });
    this.svg.setAttribute("width", String(this.width));
    this.svg.setAttribute("aria-label",
      `From ${momentText(from)} to ${momentText(to)}: ${count(seen, "trip")}, ${count(seen, "charge")}`);
    this.svg.replaceChildren(make("rect", { class: "ground", x: 0, y: BAND.top, width: this.width, height: BAND.height }),
      ...bands, ...this.ticks(), ...chosen, nowLine, this.head);
    this.seek(this.at);
  }

  private ticks(): SVGElement[] {
    const { from, to } = this.view;
    const most = Math.max(this.width / 90, 2);
    const step = STEPS_S.find((one) => (to - from) / one <= most) ?? STEPS_S[STEPS_S.length - 1]!;
    const shift = zoneShift(from);
    const ticks: SVGElement[] = [];
    let free = 0;
    for (let at = Math.ceil((from + shift) / step) * step - shift; at <= to; at += step) {
      const x = this.x(at);
      ticks.push(make("rect", { class: "tick", x, y: BAND.top + BAND.height, width: 1, height: 5 }));
      const midnight = Math.round(at + shift) % 86_400 === 0;
      const clock = step < 60 ? clockText(at) : minuteText(at);
      const label = free ? (midnight ? dayText(at).slice(5) : clock) : `${dayText(at)}${midnight ? "" : ` ${clock}`} ${zoneText(at)}`;
      const width = label.length * CHARACTER + 8;
      if (x < free || x + width > this.width) continue;
      const text = make("text", { x, y: HEIGHT - 4 });
      text.textContent = label;
      ticks.push(text);
      free = x + width;
    }
    return ticks;
  }

  private listen(): void {
    let pressed: number | null = null;
    const place = (event: PointerEvent): number => event.clientX - this.svg.getBoundingClientRect().left;
    this.svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      pressed = place(event);
      this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener("pointermove", (event) => {
      if (pressed === null || Math.abs(place(event) - pressed) < 4) return;
      this.selection = this.between(pressed, place(event));
      this.draw();
    });
    this.svg.addEventListener("pointerup", (event) => {
      if (pressed === null) return;
      const [from, to] = [pressed, place(event)];
      pressed = null;
      if (Math.abs(to - from) >= 4) return this.options.onSelect(this.between(from, to));
      const at = this.time(to);
      const { selection } = this;
      if (selection && at >= selection.from && at <= selection.to) return this.options.onSeek(at);
      const under = this.activities.find((one) => at >= one.from && at <= one.to);
      if (under) this.options.onSelect({ from: under.from, to: under.to });
    });
    this.svg.addEventListener("pointercancel", () => { pressed = null; });
    this.svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaX) < Math.abs(event.deltaY)) return;
      event.preventDefault();
      const centre = this.time(event.clientX - this.svg.getBoundingClientRect().left);
      const { from, to } = this.view;
      if (event.ctrlKey) {
        const factor = Math.exp(event.deltaY / 200);
        this.options.onView({ from: centre - (centre - from) * factor, to: centre + (to - centre) * factor });
      } else {
        const shift = ((event.deltaX || event.deltaY) / this.width) * (to - from);
        this.options.onView({ from: from + shift, to: to + shift });
      }
    }, { passive: false });
  }

  private between(one: number, other: number): Range {
    return { from: this.time(Math.min(one, other)), to: this.time(Math.max(one, other)) };
  }
}

function count(seen: Activity[], kind: "trip" | "charge"): string {
  const number = seen.filter((one) => one.kind === kind).length;
  return `${number} ${kind}${number === 1 ? "" : "s"}`;
}

/** Seconds by which the person's zone is ahead of UTC. */
function zoneShift(at: number): number {
  const [day, clock] = [dayText(at), clockText(at)];
  return Math.round((Date.parse(`${day}T${clock}Z`) / 1000 - at) / 60) * 60;
}

function make(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
