// Signals that say texts (states, modes): what each said over the range, as bars in a row.
import { momentText } from "../lib/when";
import type { Line } from "./data";

const WIDTH = 1000;
const HEIGHT = 22;
const SVG = "http://www.w3.org/2000/svg";

/** A figure of bars, one row a line; a bar is as long as its text held. */
export function texts(lines: Line[], [from, to]: [number, number]): HTMLElement {
  const figure = document.createElement("figure");
  figure.className = "texts";
  for (const line of lines) {
    const name = document.createElement("figcaption");
    name.textContent = `${line.vehicle} · ${line.signal}`;
    figure.append(name, bars(line, from, Math.max(to, from + 1e-3)));
  }
  return figure;
}

function bars(line: Line, from: number, to: number): HTMLElement {
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
  svg.setAttribute("aria-label", `${line.vehicle} ${line.signal}: ${[...new Set(line.texts)].filter(Boolean).join(", ")}`);
  const known = [...new Set(line.texts)];
  for (let at = 0; at < line.times.length; at++) {
    const text = line.texts![at] ?? String(line.values[at] ?? "");
    const begin = line.times[at]!;
    while (at + 1 < line.times.length && (line.texts![at + 1] ?? String(line.values[at + 1] ?? "")) === text) at++;
    const end = line.times[at + 1] ?? to;
    const [x, width] = [(WIDTH * (begin - from)) / (to - from), (WIDTH * (end - begin)) / (to - from)];
    const bar = element("rect", { x: String(x), y: "0", width: String(Math.max(width, 1)), height: String(HEIGHT) });
    bar.setAttribute("class", `said-${(known.indexOf(text) % 8) + 1}`);
    const title = element("title", {});
    title.textContent = `${text}, from ${momentText(begin)}`;
    bar.append(title);
    svg.append(bar);
  }
  const words = document.createElement("ul");
  words.append(...known.slice(0, 8).map((text, index) => {
    const item = document.createElement("li");
    item.className = `said-${index + 1}`;
    item.textContent = text ?? "a number";
    return item;
  }));
  const both = document.createElement("div");
  both.append(svg, words);
  return both;
}

function element(name: string, attributes: Record<string, string>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
