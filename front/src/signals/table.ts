// The legend of a panel: each line's value at the cursor or its last one, its least and its most.
import type uPlot from "uplot";
import type { Trace, Values } from "../lib/chart";
import { before } from "../lib/search";
import { traceColor } from "../lib/theme";
import { quantityText, shownText, unitOf } from "../lib/units";
import { clockText, dayText } from "../lib/when";
import type { Line } from "./data";

interface Row {
  swatch: HTMLElement;
  value: HTMLElement;
  time: HTMLElement;
}

const HEAD = ["Vehicle", "Signal", "Value", "At", "Least", "Most"];

export class Table implements Values {
  readonly element = document.createElement("div");
  private traces: Trace[] = [];
  private rows: Row[] = [];
  private hovering = false;

  constructor(lines: Line[]) {
    this.element.className = "scroll values";
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    head.append(...HEAD.map((text, at) => {
      const cell = document.createElement("th");
      cell.textContent = text;
      cell.scope = "col";
      if (at > 1) cell.className = "number";
      return cell;
    }));
    const body = table.createTBody();
    this.rows = lines.map((line) => row(body.insertRow(), line));
    this.element.append(table);
  }

  set(traces: Trace[]): void {
    this.traces = traces;
    this.rows.forEach(({ swatch }, index) => { swatch.style.background = traceColor(index); });
    if (!this.hovering) this.at(null);
  }

  at(moment: number | null): void {
    this.traces.forEach(({ times, values, unit }, index) => {
      const last = moment === null ? times.length - 1 : before(times, moment);
      this.say(index, times[last], quantityText(values[last], unit));
    });
  }

  cursor(row: number | null, data: uPlot.AlignedData): void {
    this.hovering = row !== null;
    if (row === null) return this.at(null);
    this.traces.forEach((trace, index) => {
      const column = data[index + 1];
      let at = row;
      while (at > 0 && column && (column[at] === null || column[at] === undefined)) at--;
      const unit = unitOf(trace.unit);
      this.say(index, data[0][at], `${shownText(column?.[at], unit)} ${unit.symbol}`.trimEnd());
    });
  }

  private say(index: number, time: number | undefined, text: string): void {
    const { value, time: when } = this.rows[index]!;
    value.textContent = text;
    when.textContent = time === undefined ? "" : `${dayText(time)} ${clockText(time, 1)}`;
  }
}

function row(place: HTMLTableRowElement, line: Line): Row {
  const swatch = document.createElement("i");
  const vehicle = document.createElement("a");
  vehicle.href = `/vehicles/${encodeURIComponent(line.vehicle)}`;
  vehicle.textContent = line.vehicle;
  place.insertCell().append(swatch, vehicle);
  const signal = place.insertCell();
  signal.className = "path";
  signal.textContent = `\u200e${line.signal}`; // it is cut at its beginning, which is written from the right
  signal.title = `${line.signal}: ${line.times.length.toLocaleString("en-US")} points of ${line.samples.toLocaleString("en-US")} samples`;
  const number = (text = ""): HTMLElement => {
    const cell = place.insertCell();
    cell.className = "number";
    cell.textContent = text;
    return cell;
  };
  const made = { swatch, value: number(), time: number() };
  for (const extreme of extremes(line.values)) number(quantityText(extreme, line.unit));
  return made;
}

/** The least and the most; null where there is no number. */
export function extremes(values: (number | null)[]): [number | null, number | null] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [null, null];
}
