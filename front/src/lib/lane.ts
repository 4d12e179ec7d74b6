// A lane: what state a signal was in over time, as coloured stretches with their names.
import { now } from "./clock";
import { ageText } from "./format";
import { before } from "./search";
import type { Series } from "./series";
import { color, onTheme, traceColor } from "./theme";
import { clockText } from "./when";

/** As the charts' axes have it, so that lanes stand under charts moment by moment. */
const LEFT = 52;
const RIGHT = 12;
const HEIGHT = 26;

export class Lane {
  private readonly canvas = document.createElement("canvas");
  private readonly caption = document.createElement("figcaption");
  private readonly value = document.createElement("b");
  private readonly time = document.createElement("time");
  private readonly colors = new Map<string, number>();
  private readonly resized = new ResizeObserver(() => this.draw());
  private readonly forget: () => void;
  private series: Series = { times: [], values: [], texts: [] };
  private range: [number, number] = [0, 1];
  private head: number | null = null;

  /**
   * Fills the host, a `<figure class="chart">`.
   *
   * `name` says a number as a state: `true` for 1 of a boolean.
   */
  constructor(private readonly host: HTMLElement, label: string, private readonly name: (value: number) => string,
    private readonly onSeek?: (at: number) => void) {
    const title = document.createElement("span");
    const line = document.createElement("span");
    title.className = "name";
    title.textContent = label;
    line.append(title, " ", this.value, " ", this.time);
    this.caption.className = "legend";
    this.caption.append(line);
    this.canvas.className = "lane";
    host.replaceChildren(this.caption, this.canvas);
    this.resized.observe(host);
    this.forget = onTheme(() => this.draw());
    this.canvas.onclick = (event) => this.onSeek?.(this.momentAt(event.offsetX));
  }

  set(series: Series, from: number, to: number): void {
    this.series = series;
    this.range = [from, to];
    this.draw();
  }

  /** Says the state at a moment; the newest where there is none. */
  seek(at: number | null): void {
    this.head = at;
    this.draw();
  }

  destroy(): void {
    this.resized.disconnect();
    this.forget();
    this.host.replaceChildren();
  }

  private state(index: number): string {
    const [text, value] = [this.series.texts[index], this.series.values[index]];
    return text ?? (value === null || value === undefined ? "" : this.name(value));
  }

  private draw(): void {
    this.say();
    const width = this.host.clientWidth;
    const ratio = devicePixelRatio;
    const ctx = this.canvas.getContext("2d");
    if (!ctx || width <= LEFT + RIGHT) return;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = HEIGHT * ratio;
    ctx.scale(ratio, ratio);
    ctx.font = '12px system-ui, -apple-system, "Segoe UI", sans-serif';
    ctx.textBaseline = "middle";
    const { times } = this.series;
    let from = Math.max(before(times, this.range[0]), 0);
    while (from < times.length && times[from]! < this.range[1]) {
      const state = this.state(from);
      let next = from + 1;
      while (next < times.length && this.state(next) === state) next++;
      this.stretch(ctx, width, state, times[from]!, times[next] ?? this.range[1]);
      from = next;
    }
    if (this.head !== null) {
      ctx.fillStyle = color("--accent");
      const x = this.x(this.head, width);
      if (x >= LEFT && x <= width - RIGHT) ctx.fillRect(x - 1, 0, 2, HEIGHT);
    }
  }

  private stretch(ctx: CanvasRenderingContext2D, width: number, state: string, from: number, to: number): void {
    const left = Math.max(this.x(from, width), LEFT);
    const right = Math.min(this.x(to, width), width - RIGHT);
    if (right <= left) return;
    const quiet = state === "false" || state === "";
    ctx.fillStyle = quiet ? color("--sunk") : this.color(state);
    ctx.fillRect(left, 2, Math.max(right - left - 1, 1), HEIGHT - 4);
    if (right - left > ctx.measureText(state).width + 10) {
      ctx.fillStyle = quiet ? color("--soft") : color("--panel");
      ctx.fillText(state, left + 5, HEIGHT / 2 + 1);
    }
  }

  private color(state: string): string {
    if (!this.colors.has(state)) this.colors.set(state, this.colors.size);
    return traceColor(this.colors.get(state)!);
  }

  private say(): void {
    const { times } = this.series;
    const index = this.head === null ? times.length - 1 : before(times, this.head);
    const time = times[index];
    this.value.textContent = time === undefined ? "no value" : this.state(index);
    this.time.className = time !== undefined && this.head === null ? "age" : "at";
    if (time !== undefined) this.time.dateTime = new Date(time * 1000).toISOString();
    this.time.textContent = time === undefined ? "" : this.head === null ? `${ageText(now() - time)} ago` : `since ${clockText(time)}`;
  }

  private x(time: number, width: number): number {
    return LEFT + ((time - this.range[0]) / (this.range[1] - this.range[0])) * (width - LEFT - RIGHT);
  }

  private momentAt(x: number): number {
    const width = this.host.clientWidth;
    return this.range[0] + ((x - LEFT) / (width - LEFT - RIGHT)) * (this.range[1] - this.range[0]);
  }
}
