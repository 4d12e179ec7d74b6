// A chart: traces over time in the person's units, with a shared cursor, gaps as gaps, and the theme's colours.
//
// uPlot draws the least and the most of every pixel column, so a spike among a million samples is seen. Give it what the
// API answers to `points=`, which keeps the extremes likewise.
import uPlot from "uplot";
import { axes, yRange, type Along } from "./axes";
import { withGaps } from "./gaps";
import { Legend } from "./legend";
import { drawMarks, type Mark } from "./marks";
import { onTheme, traceColor } from "./theme";
import { unitOf } from "./units";

/** When traces of other times are joined: a gap reaches from a trace's own value to its next one. */
const GAPS_STAY = 2;

/** One line: its times in Unix seconds (or metres, or seconds since a start), ascending; values in the catalog's unit. */
export interface Trace {
  label: string;
  /** As the catalog names it: `km/h`, `percent`. Traces of one unit share an axis. */
  unit?: string | null;
  times: number[];
  values: (number | null)[];
  /** Holds a value until the next one, as states and set points do. */
  stepped?: boolean;
  /** Which of the theme's eight colours; by its place otherwise. */
  color?: number;
  /** The longest time between samples over which a line is drawn; see `withGaps`. */
  gapS?: number;
}

/** What says the values of the traces over a chart: `Legend`, or a page's own. */
export interface Values {
  readonly element: HTMLElement;
  /** Newer values of these traces. */
  set(traces: Trace[]): void;
  /** The values at a moment, or the newest ones. */
  at(moment: number | null): void;
  /** The values under the cursor, in the shown units; null when it left. */
  cursor(row: number | null, data: uPlot.AlignedData): void;
}

/** Shorter times without a sample are no gap, and none is drawn that could hardly be seen. */
const SHORTEST_GAP_S = 2;
const SMALLEST_GAP = 0.015;

export interface ChartOptions {
  /** Charts of one group share the cursor. */
  group?: string;
  /** In place of the usual line over the chart. */
  legend?: Values;
  height?: number;
  /** What lies along the x axis; time otherwise. */
  along?: Along;
  /** A range was dragged. */
  onSelect?(from: number, to: number): void;
  /** A moment was clicked. */
  onSeek?(at: number): void;
}

export class Chart {
  private plot?: uPlot;
  private traces: Trace[] = [];
  private marks: Mark[] = [];
  private range?: [number, number];
  private shape = "";
  private frame = 0;
  private at: number | null = null;
  private readonly head = document.createElement("div");
  private readonly legend: Values;
  private readonly place = document.createElement("div");
  private readonly resized = new ResizeObserver(() => this.resize());
  private readonly forget: () => void;

  /** Fills the host, a `<figure class="chart">`. */
  constructor(private readonly host: HTMLElement, private readonly options: ChartOptions = {}) {
    this.legend = options.legend ?? new Legend(options.along ?? "time");
    this.head.className = "chart-head";
    this.head.hidden = true;
    this.place.className = "chart-place";
    host.replaceChildren(this.legend.element, this.place);
    this.resized.observe(host);
    this.forget = onTheme(() => {
      this.shape = "";
      this.redraw();
    });
  }

  /** Shows these; drawn with the next frame. */
  set(traces: Trace[]): void {
    this.traces = traces;
    this.redraw();
  }

  /** Shows what lies between, in seconds (or metres); without it, all that there is. */
  window(from?: number, to?: number): void {
    this.range = from === undefined || to === undefined ? undefined : [from, to];
    this.redraw();
  }

  /** Marks ranges: what was lost, what is selected. */
  mark(marks: Mark[]): void {
    this.marks = marks;
    this.redraw();
  }

  /** Puts the player's head there, or takes it away. */
  seek(at: number | null): void {
    this.at = at;
    this.legend.at(at);
    this.placeHead();
  }

  /** Draws now what would be drawn with the next frame. */
  flush(): void {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.draw();
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.resized.disconnect();
    this.forget();
    this.plot?.destroy();
    this.host.replaceChildren();
  }

  private placeHead(): void {
    const { plot, at } = this;
    const x = plot && at !== null ? plot.valToPos(at, "x") : -1;
    const seen = plot !== undefined && x >= 0 && x <= plot.bbox.width / uPlot.pxRatio;
    this.head.hidden = !seen;
    if (seen) this.head.style.transform = `translateX(${x}px)`;
  }

  private redraw(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(): void {
    const data = this.aligned();
    const shape = JSON.stringify(this.traces.map((trace) => [trace.label, trace.unit, trace.stepped, trace.color]));
    if (shape !== this.shape || !this.plot) {
      this.plot?.destroy();
      this.plot = new uPlot(this.plotOptions(), data, this.place);
      this.plot.over.append(this.head);
      this.shape = shape;
    } else {
      this.plot.setData(data, false);
    }
    const times = data[0];
    const range = this.range ?? (times.length ? [times[0]!, times[times.length - 1]!] : [0, 1]);
    this.plot.setScale("x", { min: range[0]!, max: range[1]! > range[0]! ? range[1]! : range[0]! + 1 });
    this.legend.set(this.traces);
  }

  private aligned(): uPlot.AlignedData {
    const shownS = this.range ? this.range[1] - this.range[0] : 0;
    const atLeastS = Math.max(SHORTEST_GAP_S, shownS * SMALLEST_GAP);
    const tables = this.traces.map((trace): uPlot.AlignedData => {
      const { factor, offset } = unitOf(trace.unit);
      const { times, values } = trace.stepped ? trace : withGaps(trace, atLeastS, trace.gapS);
      return [times, values.map((value) => (value === null ? null : factor * value + offset))];
    });
    return tables.length > 1 ? uPlot.join(tables, tables.map((table) => table.map(() => GAPS_STAY))) : (tables[0] ?? [[]]);
  }

  private plotOptions(): uPlot.Options {
    const symbols = [...new Set(this.traces.map((trace) => unitOf(trace.unit).symbol))];
    const along = this.options.along ?? "time";
    const dragged = this.options.onSelect;
    return {
      width: Math.max(this.host.clientWidth, 80),
      height: this.height(),
      padding: [8, symbols.length > 1 ? 0 : 12, 0, 0],
      legend: { show: false },
      tzDate: (seconds) => new Date(seconds * 1000),
      scales: {
        x: { time: along === "time", auto: false },
        ...Object.fromEntries(symbols.map((symbol) => [`y${symbol}`, { range: yRange }])),
      },
      axes: axes(along, symbols),
      series: [
        {},
        ...this.traces.map((trace, index): uPlot.Series => ({
          label: trace.label,
          scale: `y${unitOf(trace.unit).symbol}`,
          stroke: traceColor(trace.color ?? index),
          width: 1.5,
          points: { show: (_plot, _series, first, last) => last - first < 2, size: 4 },
          paths: trace.stepped ? uPlot.paths.stepped!({ align: 1 }) : uPlot.paths.linear!(),
        })),
      ],
      cursor: {
        y: false,
        drag: { x: dragged !== undefined, y: false, setScale: false },
        sync: this.options.group
          ? { key: this.options.group, scales: ["x", null], filters: { pub: (kind) => kind.startsWith("mousemove") || kind === "mouseleave" } }
          : undefined,
      },
      hooks: {
        drawAxes: [(plot) => drawMarks(plot, this.marks)],
        draw: [() => this.at !== null && this.placeHead()],
        setCursor: [(plot) => this.legend.cursor(plot.cursor.idx ?? null, plot.data)],
        setSelect: [
          (plot) => {
            if (!dragged || plot.select.width < 4) return;
            const [from, to] = [plot.select.left, plot.select.left + plot.select.width].map((x) => plot.posToVal(x, "x"));
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            dragged(from!, to!);
          },
        ],
        ready: [(plot) => this.listen(plot)],
      },
    };
  }

  private listen(plot: uPlot): void {
    let pressed = 0;
    plot.over.addEventListener("mousedown", (event) => { pressed = event.clientX; });
    plot.over.addEventListener("click", (event) => {
      if (Math.abs(event.clientX - pressed) < 4) this.options.onSeek?.(plot.posToVal(event.offsetX, "x"));
    });
  }

  private height(): number {
    return this.options.height ?? 160;
  }

  private resize(): void {
    const width = this.host.clientWidth;
    if (this.plot && width && width !== this.plot.width) this.plot.setSize({ width, height: this.height() });
  }
}
