// The panels of the page: asked for, drawn, and drawn again where another range or choice is asked for.
import { Problem } from "../lib/api";
import { Chart } from "../lib/chart";
import { unitOf } from "../lib/units";
import { durationText, momentText } from "../lib/when";
import { extent, fetchLines, gapS, isStepped, panels, type Line } from "./data";
import { Table } from "./table";
import { texts } from "./texts";

const HEIGHT = 230;

export class Plots {
  private charts: Chart[] = [];
  private asked = "";
  private stop = new AbortController();
  private range?: [number, number];

  /** Draws in `#plots`; `onZoom` gets a dragged range, in Unix seconds. */
  constructor(private readonly onZoom: (from: number, to: number) => void) {}

  /** The first and the last moment that is drawn. */
  get drawn(): [number, number] | undefined {
    return this.range;
  }

  /** Draws what `#plots` asks for, unless it is drawn already. */
  async show(again = false): Promise<void> {
    const place = document.getElementById("plots")!;
    const address = place.dataset.series ?? "";
    if (address === this.asked && !again) return;
    this.asked = address;
    this.stop.abort();
    this.stop = new AbortController();
    if (!address) return this.clear(place);
    place.setAttribute("aria-busy", "true");
    const began = performance.now();
    try {
      const lines = await fetchLines(address.replace(/^\/v1/, ""), this.stop.signal);
      this.draw(place, lines);
      this.say(lines, performance.now() - began);
    } catch (error) {
      if (address !== this.asked) return;
      this.clear(place);
      place.append(problem(error));
    } finally {
      if (address === this.asked) place.setAttribute("aria-busy", "false");
    }
  }

  private clear(place: HTMLElement): void {
    for (const chart of this.charts) chart.destroy();
    this.charts = [];
    this.range = undefined;
    place.replaceChildren();
    this.say([], 0);
  }

  private draw(place: HTMLElement, lines: Line[]): void {
    this.clear(place);
    const range = extent(lines);
    if (!range) return place.append(nothing());
    this.range = range;
    for (const panel of panels(lines)) {
      const frame = document.createElement("div");
      const figure = document.createElement("figure");
      frame.className = "panel";
      figure.className = "chart";
      frame.append(figure);
      figure.setAttribute("aria-label", `Over time, in ${unitOf(panel.unit).symbol || "no unit"}`);
      place.append(frame);
      const chart = new Chart(figure, { group: "signals", height: HEIGHT, legend: new Table(panel.lines), onSelect: this.onZoom });
      chart.set(panel.lines.map((line) => ({
        label: `${line.vehicle} ${line.signal}`, unit: line.unit, times: line.times, values: line.values, stepped: isStepped(line), gapS: gapS(line),
      })));
      chart.window(...range);
      this.charts.push(chart);
    }
    const said = lines.filter((line) => line.texts);
    if (said.length) place.append(texts(said, range));
  }

  private say(lines: Line[], tookMs: number): void {
    const place = document.getElementById("range");
    if (!place) return;
    const samples = lines.reduce((sum, line) => sum + line.samples, 0);
    place.textContent = this.range
      ? `${momentText(this.range[0])} to ${momentText(this.range[1])}, ${durationText(this.range[1] - this.range[0])}: ${samples.toLocaleString("en-US")} samples in ${(tookMs / 1000).toFixed(1)} s`
      : "";
  }
}

function nothing(): HTMLElement {
  const made = document.createElement("p");
  made.className = "empty";
  made.textContent = "None of these signals has a sample at that time. Take a longer one, or see in the list which are recorded.";
  return made;
}

function problem(error: unknown): HTMLElement {
  const made = document.createElement("section");
  made.className = "problem";
  made.setAttribute("role", "alert");
  const told = error instanceof Problem ? [error.what, error.why, error.fix] : ["the signals could not be asked for", String(error)];
  made.append(...told.filter(Boolean).map((text, at) => {
    const line = document.createElement(at ? "p" : "h2");
    line.textContent = at ? text! : text!.charAt(0).toUpperCase() + text!.slice(1);
    return line;
  }));
  return made;
}
