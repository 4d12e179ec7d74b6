// The parts below a vehicle's charts: tabs that change in place, the filter of its last known state, and values that stay new.
import { askJson } from "./api";
import { quantityText } from "./units";
import { query, setQuery } from "./url";
import { toast } from "./toast";

export interface PartsOptions {
  /** Charts a signal. */
  add(path: string): void;
  /** Shows a stretch of time on the charts; moments as the API writes them. */
  select(from: string, to: string): void;
}

interface Value {
  signal: string;
  time: string;
  value: number | null;
  text: string | null;
}

const NEWER_MS = 5000;

/** Makes the tabs and what is in them work. */
export function installParts(root: HTMLElement, options: PartsOptions): void {
  const vehicle = root.dataset.vehicle!;
  const place = document.getElementById("part")!;
  root.addEventListener("click", (event) => {
    const target = (event.target as HTMLElement).closest<HTMLElement>("[data-part], [data-add], [data-range-from]");
    if (!target || (event as MouseEvent).ctrlKey || (event as MouseEvent).metaKey) return;
    const { part, after, add, rangeFrom, rangeTo } = target.dataset;
    if (add) options.add(add);
    else if (rangeFrom && rangeTo) options.select(rangeFrom, rangeTo);
    else if (part) {
      event.preventDefault();
      void show(part, after ?? null);
    }
  });
  place.addEventListener("input", (event) => {
    if ((event.target as HTMLElement).id !== "state-filter") return;
    setQuery({ filter: (event.target as HTMLInputElement).value || null });
    filter();
  });
  setInterval(() => void renew(), NEWER_MS);
  filter();

  async function show(part: string, after: string | null): Promise<void> {
    try {
      const answer = await fetch(`/vehicles/${encodeURIComponent(vehicle)}/parts/${part}?${after ? new URLSearchParams({ after }) : ""}`, {
        headers: { "HX-Request": "true" },
      });
      place.innerHTML = await answer.text();
    } catch (error) {
      return toast(error instanceof Error ? error.message : String(error), "bad");
    }
    setQuery({ tab: part === "state" ? null : part, after });
    for (const tab of root.querySelectorAll<HTMLElement>(".tabs [data-part]")) {
      if (tab.dataset.part === part) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    filter();
  }

  function filter(): void {
    const input = document.getElementById("state-filter") as HTMLInputElement | null;
    if (!input) return;
    input.value ||= query().get("filter") ?? "";
    const words = (query().get("filter") ?? "").toLowerCase().split(/\s+/);
    for (const row of place.querySelectorAll<HTMLElement>("tr[data-path]")) {
      row.hidden = !words.every((word) => row.dataset.path!.toLowerCase().includes(word));
    }
  }

  async function renew(): Promise<void> {
    const rows = place.querySelectorAll<HTMLElement>("tr[data-path]");
    if (!rows.length || document.hidden) return;
    const answer = await askJson<{ values: Value[] }>(`/vehicles/${encodeURIComponent(vehicle)}/twin`).catch(() => null);
    const values = new Map(answer?.values.map((one) => [one.signal, one]));
    for (const row of rows) {
      const one = values.get(row.dataset.path!);
      if (!one) continue;
      const text = one.text ?? quantityText(one.value, row.dataset.unit);
      const value = row.querySelector(".value")!;
      if (value.textContent !== text) value.textContent = text;
      row.querySelector("time")!.dateTime = one.time;
    }
  }
}
