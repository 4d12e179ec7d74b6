// A trip or a charge: its route, its curve and any signals, on one clock.
import { askJson } from "../lib/api";
import { Board, type SignalInfo } from "../lib/board";
import { installChooser } from "../lib/chooser";
import { Chart } from "../lib/chart";
import { installControls } from "../lib/controls";
import { Player } from "../lib/player";
import { RouteMap, type Line } from "../lib/route-map";
import { fetchThinned, secondsOf } from "../lib/samples";
import { SeriesStore } from "../lib/series";
import { toast } from "../lib/toast";
import { Track } from "../lib/track";
import { query, setQuery } from "../lib/url";
import { isoText } from "../lib/when";

interface Slot {
  time: string;
  power_w: number | null;
  soc_percent: number | null;
}

const POINTS = 2000;
const SLOT_S = 300;
const root = document.getElementById("activity")!;
const { vehicle, activity, kind, place } = root.dataset as Record<string, string>;
const whole = { from: secondsOf(root.dataset.start!), to: secondsOf(root.dataset.end!) };
const boardHost = document.getElementById("board")!;

let signals: SignalInfo[] = JSON.parse(boardHost.dataset.signals!);
let shown = whole;
const store = new SeriesStore();
const player = new Player();
const board = new Board(boardHost, {
  vehicle: vehicle!,
  onSelect: (from, to) => show({ from, to }),
  onSeek: (at) => player.seek(at),
  onRemove: (path) => choose(signals.filter((one) => one.path !== path)),
});
installControls(document.getElementById("player")!, player, {
  zoom: (factor) => {
    const half = ((shown.to - shown.from) / 2) * factor;
    const from = Math.max(whole.from, player.at - half);
    show({ from, to: Math.min(whole.to, from + 2 * half) });
  },
});
installChooser(() => signals, choose);

let curve: Chart | undefined;

/** Shows a part of the activity, or all of it. */
function show(range: typeof whole): void {
  shown = range.to - range.from < 1 ? whole : { from: Math.max(range.from, whole.from), to: Math.min(range.to, whole.to) };
  const isPart = shown.from > whole.from + 0.5 || shown.to < whole.to - 0.5;
  setQuery({ from: isPart ? isoText(shown.from) : null, to: isPart ? isoText(shown.to) : null });
  player.choose(shown, player.at);
  curve?.window(shown.from, shown.to);
  void fill();
}

async function fill(): Promise<void> {
  const range = shown;
  try {
    const found = await fetchThinned(vehicle!, signals.map((one) => one.path), range.from, range.to + 0.001, POINTS);
    if (range !== shown) return;
    store.clear();
    store.merge(found);
    board.choose(signals, store);
    board.draw(store, range.from, range.to);
    board.seek(player.at);
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), "bad");
  }
}

function choose(wanted: SignalInfo[]): void {
  signals = wanted;
  setQuery({ signal: signals.map((one) => one.path) });
  void fill();
}

let noting = 0;
player.on("seek", () => {
  board.seek(player.at);
  curve?.seek(player.at);
  clearTimeout(noting);
  noting = window.setTimeout(() => setQuery({ at: player.at > shown.from ? isoText(player.at) : null }), 300);
});

/** The way of a trip with a marker, or the place of a charge. */
async function drawMap(): Promise<void> {
  const element = document.getElementById("route-map");
  if (!element) return;
  if (kind === "charge") {
    await RouteMap.create(element, place ? [[JSON.parse(place) as [number, number]]] : []);
    return;
  }
  const [route, track] = await Promise.all([
    askJson<{ points: { latitude: number; longitude: number }[] }>(`/trips/${activity}/route`),
    Track.fetch(vehicle!, whole.from, whole.to),
  ]);
  const line: Line = route.points.map((one) => [one.longitude, one.latitude]);
  const map = await RouteMap.create(element, [line]);
  const move = (): void => map?.move(0, track.at(player.at));
  player.on("seek", move);
  move();
}

/** Power and state of charge in the slots of five minutes that cost and energy are reckoned from. */
async function drawCurve(): Promise<void> {
  const element = document.getElementById("curve");
  if (!element) return;
  const { slots } = await askJson<{ slots: Slot[] }>(`/charges/${activity}/curve`);
  const times = slots.map((slot) => secondsOf(slot.time));
  const ends = times.map((time) => Math.min(time + SLOT_S, whole.to));
  curve = new Chart(element, { group: "board", height: 180, onSelect: (from, to) => show({ from, to }), onSeek: (at) => player.seek(at) });
  curve.set([
    { label: "Power, mean of 5 min", unit: "W", times: [...times, whole.to], values: [...slots.map((slot) => slot.power_w), null], stepped: true },
    { label: "State of charge", unit: "percent", times: ends, values: slots.map((slot) => slot.soc_percent), gapS: 4 * SLOT_S },
  ]);
  curve.window(shown.from, shown.to);
  curve.seek(player.at);
}

for (const draw of [drawMap, drawCurve]) {
  draw().catch((error: unknown) => toast(error instanceof Error ? error.message : String(error), "bad"));
}
board.choose(signals, store);
const [from, to, at] = ["from", "to", "at"].map((name) => Date.parse(query().get(name) ?? "") / 1000);
if (at) player.at = at;
show(from! < to! ? { from: from!, to: to! } : whole);
