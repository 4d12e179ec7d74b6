// What stands over a chart: each trace's name, its value with the unit, and how old it is or when it was.
import { now } from "./clock";
import type uPlot from "uplot";
import type { Along } from "./axes";
import { quantityText, shownText, unitOf } from "./units";
import { ageText } from "./format";
import { before } from "./search";
import { traceColor } from "./theme";
import { clockText, elapsedText } from "./when";
import type { Trace } from "./chart";

interface Line {
  swatch: HTMLElement;
  value: HTMLElement;
  time: HTMLTimeElement;
}

export class Legend {
  /** To be put over the chart. */
  readonly element = document.createElement("figcaption");
  private traces: Trace[] = [];
  private lines: Line[] = [];
  private names = "";
  private head: number | null = null;
  private hovering = false;

  constructor(private readonly along: Along) {
    this.element.className = "legend";
  }

  /** Newer values of these traces. */
  set(traces: Trace[]): void {
    this.traces = traces;
    const names = traces.map((trace) => trace.label).join("\n");
    if (names !== this.names) this.build(names);
    traces.forEach((trace, index) => {
      this.lines[index]!.swatch.style.background = traceColor(trace.color ?? index);
    });
    if (!this.hovering) this.at(this.head);
  }

  /** The values at a moment, or the newest ones. */
  at(moment: number | null): void {
    this.head = moment;
    if (this.hovering) return;
    this.traces.forEach((trace, index) => {
      const last = moment === null ? trace.times.length - 1 : before(trace.times, moment);
      this.say(this.lines[index], trace.times[last], quantityText(trace.values[last], trace.unit), moment === null);
    });
  }

  /** The values under the cursor; null when it left. */
  cursor(row: number | null, data: uPlot.AlignedData): void {
    this.hovering = row !== null;
    if (row === null) return this.at(this.head);
    this.traces.forEach((trace, index) => {
      const column = data[index + 1];
      let at = row;
      while (at > 0 && column && (column[at] === null || column[at] === undefined)) at--;
      const unit = unitOf(trace.unit);
      this.say(this.lines[index], data[0][at], `${shownText(column?.[at], unit)} ${unit.symbol}`.trimEnd(), false);
    });
  }

  private say(line: Line | undefined, time: number | undefined, text: string, newest: boolean): void {
    if (!line) return;
    write(line.value, time === undefined ? "no value" : text);
    const dated = this.along === "time" && time !== undefined;
    line.time.className = dated && newest ? "age" : "at";
    if (dated) line.time.dateTime = new Date(time * 1000).toISOString();
    write(line.time, time === undefined ? "" : this.when(time, newest));
  }

  private when(time: number, newest: boolean): string {
    if (this.along === "elapsed") return `at ${elapsedText(time)}`;
    if (this.along === "distance") return `at ${quantityText(time, "m")}`;
    return newest ? `${ageText(now() - time)} ago` : clockText(time, 1);
  }

  private build(names: string): void {
    this.names = names;
    this.lines = this.traces.map(() => ({
      swatch: document.createElement("i"), value: document.createElement("b"), time: document.createElement("time"),
    }));
    this.element.replaceChildren(...this.lines.map(({ swatch, value, time }, index) => {
      const line = document.createElement("span");
      const name = document.createElement("span");
      name.textContent = this.traces[index]!.label;
      name.className = "name";
      line.append(swatch, name, " ", value, " ", time);
      return line;
    }));
  }
}

/** Only what is new: every write has the browser lay the line out again. */
function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
