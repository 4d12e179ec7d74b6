// The fleet: a map and a list of the same vehicles, live; the page's state is in its URL.
import { askJson } from "../lib/api";
import { Fleet, STATUSES, type Status } from "../lib/fleet";
import { FleetCard } from "../lib/fleet-card";
import { FleetList, SORTS, type Sort } from "../lib/fleet-list";
import type { FleetMap } from "../lib/fleet-map";
import { PositionLink } from "../lib/position-link";
import { query, setQuery } from "../lib/url";
import { whereBox } from "../lib/where-box";

/** Vehicles come to match a condition, and cease to: so it is asked anew. */
const MEMBERS_MS = 5000;

const fleet = new Fleet();
const given = query();
const list = new FleetList({ fleet, onSelect: (id) => select(id, true) });
const card = new FleetCard({ onClose: () => select(""), onCentre: () => map?.reveal(list.selected, true) });
let map: FleetMap | undefined;
let where = "";
let selectedWhenNamed = given.get("car") ?? "";

list.page = Number(given.get("page")) || 1;
readSort(given.get("sort") ?? "id");
for (const status of (given.get("status") ?? "").split(",")) if (STATUSES.includes(status as Status)) fleet.statuses.add(status as Status);

const box = whereBox({
  form: document.querySelector<HTMLFormElement>("#where-form")!,
  known: (attribute) => list.known(attribute),
  async apply(condition) {
    fleet.members = condition ? await members(condition) : null;
    where = condition;
    refilter();
  },
});
document.getElementById("where-clear")!.addEventListener("click", () => {
  document.querySelector<HTMLInputElement>("#where")!.value = "";
  void box.submit();
});
if (given.get("where")) void box.submit();
setInterval(async () => {
  const asked = where;
  if (!asked || document.hidden) return;
  const found = await members(asked).catch(() => null); // a broken link is said already
  if (!found || where !== asked) return;
  fleet.members = found;
  fleet.filter();
}, MEMBERS_MS);

for (const button of document.querySelectorAll<HTMLElement>("button[data-status]")) {
  button.addEventListener("click", () => {
    const status = button.dataset.status as Status;
    if (!fleet.statuses.delete(status)) fleet.statuses.add(status);
    refilter();
  });
}
for (const button of document.querySelectorAll<HTMLElement>("[data-sort]")) {
  button.addEventListener("click", () => {
    const sort = button.dataset.sort as Sort;
    readSort(list.sort === sort && !list.down ? `-${sort}` : sort);
    list.page = 1;
    list.resort();
    keep();
  });
}
for (const button of document.querySelectorAll<HTMLElement>("[data-turn]")) {
  button.addEventListener("click", () => {
    list.page += Number(button.dataset.turn);
    list.show();
    document.querySelector(".fleet-list .scroll")!.scrollTop = 0;
    keep();
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && list.selected) select("");
});

new PositionLink({
  onIds: (first, ids) => fleet.name(first, ids),
  onFrame(frame) {
    fleet.apply(frame);
    if (selectedWhenNamed && fleet.indexOf(selectedWhenNamed) !== undefined) {
      const id = selectedWhenNamed;
      selectedWhenNamed = "";
      select(id);
    }
    map?.tick();
    list.show();
    count();
    document.documentElement.dataset.live = "true";
  },
  onTrouble(text) {
    const place = document.getElementById("trouble")!;
    place.hidden = !text;
    const shown = fleet.moment ? `What is shown is of ${new Date(fleet.moment).toLocaleTimeString("en-GB")}.` : "Nothing can be shown yet.";
    place.textContent = text && `Positions are not live: ${text}. ${shown}`;
  },
});
void drawMap();

async function drawMap(): Promise<void> {
  const note = document.getElementById("map-note")!;
  const element = document.getElementById("map")!;
  try {
    const { whyNoMap } = await import("../lib/map");
    const why = whyNoMap();
    if (why) throw new Error(why);
    const { FleetMap } = await import("../lib/fleet-map");
    map = await FleetMap.create({ element, fleet, view: readView(given.get("at")), onSelect: (id) => select(id), onView });
    map.select(list.selected);
    count();
    map.drawn(() => (element.dataset.ready = "true"));
  } catch (error) {
    element.hidden = true;
    note.hidden = false;
    note.classList.add("instead");
    note.textContent = `${(error as Error).message} The list has every vehicle.`;
  }
}

function onView(latitude: number, longitude: number, zoom: number): void {
  setQuery({ at: `${latitude.toFixed(5)},${longitude.toFixed(5)},${zoom.toFixed(2)}` });
}

function readView(at: string | null): [number, number, number] | null {
  const numbers = (at ?? "").split(",").map(Number);
  return at && numbers.length === 3 && numbers.every(Number.isFinite) ? (numbers as [number, number, number]) : null;
}

function readSort(sort: string): void {
  const name = sort.replace(/^-/, "") as Sort;
  list.sort = SORTS.includes(name) ? name : "id";
  list.down = sort.startsWith("-");
}

function select(id: string, fromList = false): void {
  list.selected = id;
  card.open(id);
  map?.select(id);
  if (id && fromList) map?.reveal(id, false);
  list.show();
  keep();
}

function refilter(): void {
  list.page = 1;
  fleet.filter();
  map?.filter();
  list.resort();
  count();
  keep();
}

function count(): void {
  const counts = fleet.counts();
  let nowhere = 0;
  let shown = 0;
  for (let car = 0; car < fleet.size; car++) {
    shown += fleet.shown[car]!;
    nowhere += fleet.shown[car]! & (fleet.placed[car]! ^ 1);
  }
  for (const button of document.querySelectorAll<HTMLElement>("button[data-status]")) {
    const status = button.dataset.status as Status;
    button.setAttribute("aria-pressed", String(fleet.statuses.has(status)));
    button.querySelector("b")!.textContent = counts[status].toLocaleString("en-US");
  }
  const [all, part] = [fleet.size.toLocaleString("en-US"), shown.toLocaleString("en-US")];
  document.getElementById("total")!.textContent = part;
  document.getElementById("total-of")!.textContent = shown === fleet.size ? (shown === 1 ? "vehicle" : "vehicles") : `of ${all} vehicles`;
  const note = document.getElementById("map-note")!;
  if (!map) return;
  note.hidden = nowhere === 0;
  note.textContent = `${nowhere.toLocaleString("en-US")} without a known position`;
}

function keep(): void {
  setQuery({
    where,
    status: [...fleet.statuses].join(","),
    sort: list.sort === "id" && !list.down ? "" : `${list.down ? "-" : ""}${list.sort}`,
    page: list.page === 1 ? "" : list.page,
    car: list.selected,
  });
}

async function members(condition: string): Promise<Set<string>> {
  const found = new Set<string>();
  let after: string | null = "";
  while (after !== null) {
    const page: { items: string[]; next: string | null } = await askJson(`/fleet/ids?${new URLSearchParams({ where: condition, after })}`);
    for (const id of page.items) found.add(id);
    after = page.next;
  }
  return found;
}
