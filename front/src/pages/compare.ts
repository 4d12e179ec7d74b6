// Two trips from their starts: by time, or by the distance they had come.
import { askJson } from "../lib/api";
import type { Along } from "../lib/axes";
import type { SignalInfo } from "../lib/board";
import { Chart } from "../lib/chart";
import { installControls } from "../lib/controls";
import { distances } from "../lib/distance";
import { Player } from "../lib/player";
import { RouteMap, type Line } from "../lib/route-map";
import { fetchThinned, secondsOf } from "../lib/samples";
import { SeriesStore } from "../lib/series";
import { toast } from "../lib/toast";
import { Track, valueAt } from "../lib/track";
import { quantityText } from "../lib/units";
import { durationText, elapsedText } from "../lib/when";

interface Trip {
  id: string;
  vehicle: string;
  start: string;
  end: string;
  distance_m: number | null;
}

const SPEED = "Vehicle.Speed";
const POINTS = 3000;
const root = document.getElementById("compare")!;
const trips: Trip[] = JSON.parse(root.dataset.trips!);
const signals = (JSON.parse(root.dataset.signals!) as SignalInfo[]).filter((one) => !["boolean", "string"].includes(one.datatype));
const along: Along = root.dataset.by === "distance" ? "distance" : "elapsed";
const player = new Player();
const text = along === "distance"
  ? { at: metres, length: metres, rate: (rate: number) => quantityText(rate * 3.6, "km/h") }
  : { at: elapsedText, length: durationText, rate: (rate: number) => `${rate}×` };

/** A trip on the common axis: where each of its moments lies, and the other way round. */
interface Way {
  trip: Trip;
  store: SeriesStore;
  track: Track;
  line: Line;
  /** Seconds or metres since the start, of a moment. */
  place(time: number): number;
  /** The moment at which it was there; null before and after. */
  moment(place: number): number | null;
  end: number;
}

async function wayOf(trip: Trip): Promise<Way> {
  const [from, to] = [secondsOf(trip.start), secondsOf(trip.end)];
  const paths = [...new Set([SPEED, ...signals.map((one) => one.path)])];
  const [samples, track, route] = await Promise.all([
    fetchThinned(trip.vehicle, paths, from, to + 0.001, POINTS),
    Track.fetch(trip.vehicle, from, to),
    askJson<{ points: { latitude: number; longitude: number }[] }>(`/trips/${trip.id}/route`),
  ]);
  const store = new SeriesStore();
  store.merge(samples);
  const line: Line = route.points.map((one) => [one.longitude, one.latitude]);
  if (along === "elapsed") {
    return { trip, store, track, line, place: (time) => time - from, moment: (place) => (place > to - from ? null : from + place), end: to - from };
  }
  const come = distances(store.of(trip.vehicle, SPEED), trip.distance_m);
  const back = { times: come.values, values: come.times };
  const end = come.values[come.values.length - 1] ?? 0;
  return { trip, store, track, line, place: (time) => valueAt(come, time) ?? 0, moment: (place) => (place > end ? null : valueAt(back, place)), end };
}

function draw(ways: Way[]): void {
  const host = document.getElementById("board")!;
  const end = Math.max(...ways.map((way) => way.end), 1);
  const charts = signals.map((signal) => {
    const figure = document.createElement("figure");
    figure.className = "chart";
    host.append(figure);
    const chart = new Chart(figure, { group: "board", height: 132, along, onSelect: zoom, onSeek: (at) => player.seek(at) });
    chart.set(ways.map(({ trip, store, place }, index) => {
      const series = store.of(trip.vehicle, signal.path);
      const label = index ? "second" : signal.path;
      return { label, unit: signal.unit, values: series.values, times: ascending(series.times.map(place)), gapS: Infinity, color: index };
    }));
    return chart;
  });
  function zoom(from: number, to: number): void {
    player.choose({ from: Math.max(from, 0), to: Math.min(to, end) }, player.at);
  }
  installControls(document.getElementById("player")!, player, {
    text,
    zoom: (factor) => {
      const { from, to } = player.range!;
      const half = ((to - from) / 2) * factor;
      zoom(player.at - half, player.at + half);
    },
  });
  player.on("change", () => { for (const chart of charts) chart.window(player.range!.from, player.range!.to); });
  player.on("seek", () => { for (const chart of charts) chart.seek(player.at); });
  player.choose({ from: 0, to: end });
  void RouteMap.create(document.getElementById("route-map")!, ways.map((way) => way.line)).then((map) => {
    const move = (): void => ways.forEach(({ track, moment }, index) => {
      const time = moment(player.at);
      map?.move(index, time === null ? null : track.at(time));
    });
    player.on("seek", move);
    move();
  });
}

function metres(at: number): string {
  return quantityText(at, "m");
}

/** A car that stands is at one distance for long: charts take each place once, a hair apart. */
function ascending(places: number[]): number[] {
  let last = -Infinity;
  return places.map((place) => (last = Math.max(place, last + 1e-6)));
}

Promise.all(trips.map(wayOf)).then(draw).catch((error: unknown) => toast(error instanceof Error ? error.message : String(error), "bad"));
