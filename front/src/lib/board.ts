// A board: a chart for each chosen signal that is a quantity, a lane for each that is a state, moment over moment.
import { Chart } from "./chart";
import { Lane } from "./lane";
import type { Mark } from "./marks";
import type { SeriesStore } from "./series";

/** A signal as the catalog has it. */
export interface SignalInfo {
  path: string;
  unit: string | null;
  datatype: string;
}

export interface BoardOptions {
  vehicle: string;
  onSelect(from: number, to: number): void;
  onSeek(at: number): void;
  /** The person takes a signal off the board; without it they cannot. */
  onRemove?(path: string): void;
}

interface Place {
  signal: SignalInfo;
  element: HTMLElement;
  part: Chart | Lane;
}

const HEIGHT = 132;
const SPARSE = 25;

export class Board {
  private places: Place[] = [];

  constructor(private readonly host: HTMLElement, private readonly options: BoardOptions) {}

  /** Shows these signals, in this order; what stays keeps its place on the screen. */
  choose(signals: SignalInfo[], store: SeriesStore): void {
    const before = this.places;
    const known = new Map(before.map((place) => [place.signal.path, place]));
    this.places = signals.map((signal) => {
      const isState = this.isState(signal, store);
      const place = known.get(signal.path);
      if (place && place.part instanceof Lane === isState) {
        known.delete(signal.path);
        return { ...place, signal };
      }
      return this.make(signal, isState);
    });
    for (const place of known.values()) {
      place.part.destroy();
      place.element.remove();
    }
    const same = before.length === this.places.length && this.places.every(({ element }, at) => element === before[at]!.element);
    if (!same) this.host.append(...this.places.map((place) => place.element));
  }

  /** Draws what the store has of that time. */
  draw(store: SeriesStore, from: number, to: number, marks: Mark[] = []): void {
    for (const { signal, part } of this.places) {
      const series = store.of(this.options.vehicle, signal.path);
      if (part instanceof Lane) {
        part.set(series, from, to);
      } else {
        const stepped = series.times.length < SPARSE; // sent when it changes: between, it was as it was
        part.set([{ label: signal.path, unit: signal.unit, times: series.times, values: series.values, stepped }]);
        part.window(from, to);
        part.mark(marks);
        part.flush();
      }
    }
  }

  /** Puts the player's head there; null is live. */
  seek(at: number | null): void {
    for (const { part } of this.places) part.seek(at);
  }

  private isState(signal: SignalInfo, store: SeriesStore): boolean {
    const { texts } = store.of(this.options.vehicle, signal.path);
    return signal.datatype === "boolean" || signal.datatype === "string" || texts.some((text) => text !== null);
  }

  private make(signal: SignalInfo, isState: boolean): Place {
    const element = document.createElement("div");
    const figure = document.createElement("figure");
    figure.className = "chart";
    figure.dataset.signal = signal.path;
    element.className = isState ? "board-place state" : "board-place";
    element.append(figure);
    this.host.append(element); // a chart measures its place
    const part = isState
      ? new Lane(figure, signal.path, (value) => (signal.datatype === "boolean" ? String(value !== 0) : String(value)), this.options.onSeek)
      : new Chart(figure, { group: "board", height: HEIGHT, onSelect: this.options.onSelect, onSeek: this.options.onSeek });
    const remove = this.options.onRemove;
    if (remove) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "remove";
      button.textContent = "×";
      button.title = `Take ${signal.path} off the board`;
      button.setAttribute("aria-label", button.title);
      button.onclick = () => remove(signal.path);
      element.append(button);
    }
    return { signal, element, part };
  }
}
