// The list of the shown vehicles: sorted, in pages, its numbers live.
import { askJson } from "./api";
import { STATUSES, type Fleet } from "./fleet";
import { ageText } from "./format";
import { shownText, unitOf } from "./units";

export const SORTS = ["id", "speed", "charge", "seen"] as const;
export type Sort = (typeof SORTS)[number];

const ROWS = 50;
/** Rows change places only so often: what moves under the eye cannot be read. */
const RESORT_MS = 5000;

interface About {
  model: string | null;
  market: string | null;
  platform: string | null;
}

export interface ListOptions {
  fleet: Fleet;
  onSelect(id: string): void;
}

export class FleetList {
  sort: Sort = "id";
  down = false;
  page = 1;
  selected = "";
  private order: number[] = [];
  private sortedAt = -Infinity;
  private byId: number[] = [];
  private readonly about = new Map<string, About>();
  private readonly rows = document.getElementById("rows")!;
  private readonly pager = document.querySelector<HTMLElement>(".pager")!;
  private readonly speed = unitOf("km/h");

  constructor(private readonly options: ListOptions) {
    for (const unit of document.querySelectorAll<HTMLElement>("[data-unit]")) unit.textContent = unitOf(unit.dataset.unit).symbol;
    this.rows.addEventListener("click", (event) => {
      const row = (event.target as Element).closest("tr");
      if (!row) return;
      event.preventDefault();
      this.options.onSelect(row.dataset.id!);
    });
  }

  /** The values that an attribute was seen to have. */
  known(attribute: string): string[] {
    if (attribute === "id") return this.options.fleet.ids.slice(0, 1000);
    return [...new Set([...this.about.values()].map((one) => one[attribute as keyof About] ?? "").filter(Boolean))].sort();
  }

  /** Puts the rows in order anew, whatever was sorted when. */
  resort(): void {
    this.sortedAt = -Infinity;
    this.show();
  }

  get pages(): number {
    return Math.max(Math.ceil(this.order.length / ROWS), 1);
  }

  show(): void {
    const { fleet } = this.options;
    if (performance.now() - this.sortedAt > RESORT_MS) this.arrange();
    this.page = Math.min(Math.max(this.page, 1), this.pages);
    const cars = this.order.slice((this.page - 1) * ROWS, this.page * ROWS);
    for (const [place, car] of cars.entries()) this.fill(this.row(place), car);
    while (this.rows.childElementCount > cars.length) this.rows.lastElementChild!.remove();
    void this.askAbout(cars.map((car) => fleet.ids[car]!));
    document.getElementById("none-yet")!.hidden = fleet.size > 0;
    document.getElementById("none-match")!.hidden = fleet.size === 0 || this.order.length > 0;
    this.pager.hidden = this.pages === 1;
    document.getElementById("page-of")!.textContent = `page ${this.page} of ${this.pages.toLocaleString("en-US")}`;
    for (const button of this.pager.querySelectorAll("button")) {
      const there = this.page + Number(button.dataset.turn);
      button.disabled = there < 1 || there > this.pages;
    }
    for (const button of document.querySelectorAll<HTMLElement>("[data-sort]")) {
      const sorted = button.dataset.sort === this.sort ? (this.down ? "descending" : "ascending") : "none";
      button.closest("th")!.setAttribute("aria-sort", sorted);
    }
  }

  private arrange(): void {
    const { fleet, sort } = { fleet: this.options.fleet, sort: this.sort };
    this.sortedAt = performance.now();
    if (this.byId.length !== fleet.size) {
      const names = fleet.ids;
      this.byId = Array.from({ length: fleet.size }, (_, car) => car).sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
    }
    this.order = this.byId.filter((car) => fleet.shown[car]);
    const sign = this.down ? -1 : 1;
    if (sort === "id") {
      if (this.down) this.order.reverse();
      return;
    }
    const values = fleet[sort];
    // What a car never said comes last, whichever way.
    const key = Float64Array.from(values, (value) => (Number.isNaN(value) || (sort === "seen" && value === 0) ? Infinity : sign * value));
    if (sort === "seen") for (let car = 0; car < fleet.size; car++) if (key[car] !== Infinity) key[car] = -key[car]!;
    this.order.sort((a, b) => (key[a] === key[b] ? 0 : key[a]! - key[b]!));
  }

  private row(place: number): HTMLTableRowElement {
    const there = this.rows.children[place];
    if (there) return there as HTMLTableRowElement;
    const row = document.createElement("tr");
    row.innerHTML = '<td><a></a></td><td class="model"></td><td class="number"></td><td class="number"></td><td class="number age"></td>';
    this.rows.append(row);
    return row;
  }

  private fill(row: HTMLTableRowElement, car: number): void {
    const { fleet } = this.options;
    const id = fleet.ids[car]!;
    const status = STATUSES[fleet.status[car]!]!;
    const about = this.about.get(id);
    const [name, model, speed, charge, seen] = row.cells as unknown as [HTMLElement, HTMLElement, HTMLElement, HTMLElement, HTMLElement];
    const link = name.firstElementChild as HTMLAnchorElement;
    if (row.dataset.id !== id) {
      row.dataset.id = id;
      link.href = `/vehicles/${encodeURIComponent(id)}`;
      put(link, id);
    }
    if (link.dataset.status !== status) {
      link.dataset.status = status;
      link.className = `tag ${status}`;
      link.title = status;
    }
    row.classList.toggle("chosen", id === this.selected);
    model.title = about?.model ?? "";
    put(model, about ? [about.model, about.market].filter(Boolean).join(" · ") || "-" : "");
    put(speed, shownText(fleet.speed[car]! * this.speed.factor + this.speed.offset, this.speed));
    put(charge, Number.isNaN(fleet.charge[car]!) ? "-" : fleet.charge[car]!.toFixed(1));
    put(seen, fleet.seen[car] ? `${ageText(fleet.now - fleet.seen[car]!)} ago` : "never");
  }

  /** Models and markets of rows that are seen for the first time. */
  private async askAbout(ids: string[]): Promise<void> {
    const missing = ids.filter((id) => !this.about.has(id));
    if (!missing.length) return;
    for (const id of missing) this.about.set(id, { model: null, market: null, platform: null });
    const where = `id in (${missing.map((id) => JSON.stringify(id)).join(", ")})`;
    try {
      const { items } = await askJson<{ items: (About & { vehicle: string })[] }>(`/fleet?${new URLSearchParams({ where, limit: "1000" })}`);
      for (const one of items) this.about.set(one.vehicle, one);
      this.show();
    } catch {
      for (const id of missing) this.about.delete(id);
    }
  }
}

function put(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text;
}
