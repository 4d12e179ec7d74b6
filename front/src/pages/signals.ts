// The page of signals: choosing by mouse and keyboard, ranges, and what is copied.
import { toast } from "../lib/toast";
import { changed, go, ranged, toggled } from "../signals/choice";
import { Plots } from "../signals/plots";

const plots = new Plots((from, to) => go(ranged(from, to)));
let scope = scopeOf();

/** Which vehicles and which time the list of signals is about. */
function scopeOf(): string {
  const query = new URLSearchParams(location.search);
  return JSON.stringify([query.getAll("vehicle"), query.get("start"), query.get("end")]);
}

function refresh(): void {
  const now = scopeOf();
  if (now !== scope) window.htmx.trigger("#search", "refresh");
  scope = now;
  mark();
  void plots.show();
}

/** Shows in the list what is chosen. */
function mark(): void {
  const chosen = new Set(new URLSearchParams(location.search).getAll("signal"));
  for (const button of document.querySelectorAll<HTMLElement>("[data-add]")) {
    button.setAttribute("aria-pressed", String(chosen.has(button.dataset.add!)));
  }
}

function move(share: number): void {
  const drawn = plots.drawn;
  if (!drawn) return;
  const by = share * (drawn[1] - drawn[0]);
  go(ranged(drawn[0] + by, drawn[1] + by));
}

function zoom(factor: number): void {
  const drawn = plots.drawn;
  if (!drawn) return;
  const [middle, half] = [(drawn[0] + drawn[1]) / 2, Math.max((factor * (drawn[1] - drawn[0])) / 2, 0.05)];
  go(ranged(middle - half, middle + half));
}

async function copy(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(said, "good");
  } catch {
    toast("The browser does not let this page copy; mark the text by hand.", "bad");
  }
}

function share(): void {
  const drawn = plots.drawn;
  void copy(location.origin + (drawn ? ranged(...drawn) : changed(() => undefined)), "The link is copied; it shows these very moments.");
}

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const link = target.closest<HTMLAnchorElement>("a[data-go]");
  const button = target.closest<HTMLButtonElement>("button");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    go(link.pathname + link.search);
  } else if (button?.dataset.add) go(toggled("signal", button.dataset.add));
  else if (button?.dataset.move) move(Number(button.dataset.move));
  else if (button?.dataset.zoom) zoom(Number(button.dataset.zoom));
  else if (button?.dataset.again !== undefined) void plots.show(true);
  else if (button?.dataset.copy) void copy(document.getElementById(button.dataset.copy)!.textContent!, "Copied.");
  else if (button?.id === "share") share();
});

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.id === "scope") event.preventDefault();
  if (form.id !== "vehicles" && form.id !== "signals") return;
  event.preventDefault();
  const input = form.elements.namedItem("typed") as HTMLInputElement;
  const name = form.id === "vehicles" ? "vehicle" : "signal";
  const value = input.value.trim();
  input.value = "";
  if (value && !new URLSearchParams(location.search).getAll(name).includes(value)) go(toggled(name, value));
});

document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  if (target.id === "search" || target.matches("[data-add], .list .more")) return inList(event, target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input, textarea, select, summary, pre")) return;
  const keys: Record<string, () => void> = {
    ArrowLeft: () => move(-0.5), ArrowRight: () => move(0.5), "+": () => zoom(0.5), "-": () => zoom(2), r: () => void plots.show(true),
  };
  keys[event.key]?.();
});

/** The arrows lead from the search through the list. */
function inList(event: KeyboardEvent, from: HTMLElement): void {
  const stops = [document.getElementById("search")!, ...document.querySelectorAll<HTMLElement>("#list button")];
  const step = { ArrowDown: 1, ArrowUp: -1, Escape: -stops.indexOf(from) }[event.key];
  if (!step) return;
  event.preventDefault();
  stops[Math.max(0, Math.min(stops.length - 1, stops.indexOf(from) + step))]!.focus();
}

document.addEventListener("change", (event) => {
  if ((event.target as HTMLElement).id === "whole-catalog") window.htmx.trigger("#search", "refresh");
});
document.addEventListener("htmx:after:swap", refresh);
window.addEventListener("popstate", () => setTimeout(refresh));
refresh();
