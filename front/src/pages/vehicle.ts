// A vehicle: its history as a strip, and its signals live or over the stretch that is chosen there.
import { askJson } from "../lib/api";
import { Board, type SignalInfo } from "../lib/board";
import { now } from "../lib/clock";
import { fetchHistory } from "../lib/activities";
import { installChooser } from "../lib/chooser";
import { installControls } from "../lib/controls";
import { Live, type Gap, type LinkState } from "../lib/live";
import { installParts } from "../lib/parts";
import { Player, type Range } from "../lib/player";
import { fetchThinned, secondsOf } from "../lib/samples";
import { SeriesStore } from "../lib/series";
import { Timeline, type Activity } from "../lib/timeline";
import { toast } from "../lib/toast";
import { query, setQuery } from "../lib/url";
import { durationText, isoText, momentText } from "../lib/when";

const root = document.getElementById("vehicle")!;
const vehicle = root.dataset.vehicle!;
const boardHost = document.getElementById("board")!;
const linkState = document.getElementById("link")!;
const windowChoice = document.getElementById("window") as HTMLSelectElement;

const DRAW_MS = 100;
const STATUS_MS = 2000;
/** A car whose newest sample is older says nothing now. */
const QUIET_S = 15;
const POINTS = 1500;
const LONGEST_VIEW_S = 400 * 86_400;
const SHORTEST_VIEW_S = 60;

let signals: SignalInfo[] = JSON.parse(boardHost.dataset.signals!);
let windowS = Number(query().get("window")) || 30;
let viewS = Number(query().get("view")) || 86_400;
let view: Range = { from: 0, to: 1 };
let activities: Activity[] = [];
let gaps: Gap[] = [];
let live: Live | undefined;
let link: LinkState = { kind: "connecting" };
let newest = 0;
let fetching: AbortController | undefined;

const store = new SeriesStore();
const player = new Player();
const board = new Board(boardHost, {
  vehicle,
  onSelect: (from, to) => select({ from, to }),
  onSeek: (at) => (player.range ? player.seek(at) : undefined),
  onRemove: (path) => choose(signals.filter((one) => one.path !== path)),
});
const timeline = new Timeline(document.getElementById("timeline")!, {
  onSelect: (range) => select(range),
  onSeek: (at) => player.seek(at),
  onView: (wanted) => {
    viewS = Math.min(Math.max(wanted.to - wanted.from, SHORTEST_VIEW_S), LONGEST_VIEW_S);
    look({ from: wanted.to - viewS, to: wanted.to });
  },
});
installControls(document.getElementById("player")!, player, { zoom, live: () => select(null), skip });

// Live or a stretch -------------------------------------------------------------------------------------------------

function select(range: Range | null, at?: number): void {
  stop();
  store.clear();
  player.choose(range, at);
  setQuery({ from: range && isoText(range.from), to: range && isoText(range.to), at: null, view: viewS === 86_400 ? null : Math.round(viewS) });
  document.getElementById("window-label")!.hidden = range !== null;
  if (range) {
    if (range.from < view.from || range.to > view.to) look(around(range, Math.max(viewS, (range.to - range.from) * 1.2)));
    else timeline.set(activities, view, range);
    void fill(range);
  } else {
    look(around(null, viewS));
    watch();
  }
}

function stop(): void {
  live?.stop();
  live = undefined;
  fetching?.abort();
  gaps = [];
}

function watch(): void {
  if (!signals.length) return;
  live = new Live({
    vehicle,
    signals: signals.map((one) => one.path),
    since: now() - windowS - 1,
    onSamples: (samples) => {
      store.merge(samples);
      for (const { time } of samples) newest = Math.max(newest, time);
      dirty = true;
    },
    onGaps: (found) => { gaps = found; },
    onState: say,
  });
}

function say(state: LinkState): void {
  link = state;
  const heard = now() - newest < QUIET_S;
  linkState.dataset.state = state.kind === "live" && !heard ? "quiet" : state.kind;
  linkState.textContent = state.kind === "broken"
    ? `No link since ${momentText(state.since)}; trying again in ${durationText(state.retryInS)}`
    : state.kind === "connecting" ? "Connecting…" : (heard ? "Live" : "Linked; nothing comes from the vehicle now") + missing();
}

/** What could not be had of the shown time, in words: the charts show it hatched. */
function missing(): string {
  const lost = gaps.filter((gap) => gap.final && gap.to > now() - windowS);
  return lost.length ? `; ${durationText(lost.reduce((sum, gap) => sum + gap.to - gap.from, 0))} are missing` : "";
}
setInterval(() => live && say(link), 1000);

async function fill(range: Range): Promise<void> {
  const mine = (fetching = new AbortController());
  linkState.dataset.state = "stored";
  linkState.textContent = "Fetching…";
  try {
    const found = await fetchThinned(vehicle, signals.map((one) => one.path), range.from, range.to, POINTS, mine.signal);
    if (mine.signal.aborted) return;
    store.merge(found);
    linkState.textContent = `${momentText(range.from)} to ${momentText(range.to)}`;
    board.choose(signals, store);
    draw();
    board.seek(player.at);
  } catch (error) {
    if (mine.signal.aborted) return;
    linkState.textContent = "Not fetched";
    toast(error instanceof Error ? error.message : String(error), "bad");
  }
}

function choose(wanted: SignalInfo[]): void {
  signals = wanted;
  setQuery({ signal: signals.map((one) => one.path) });
  document.getElementById("board-empty")!.hidden = signals.length > 0;
  board.choose(signals, store);
  const { range } = player;
  if (range) {
    void fill(range);
  } else {
    stop();
    watch();
  }
}

// Drawing -----------------------------------------------------------------------------------------------------------

let dirty = true;
let drawnAt = 0;

function frame(at: number): void {
  requestAnimationFrame(frame);
  if (player.range || document.hidden || (!dirty && at - drawnAt < DRAW_MS)) return;
  if (dirty) board.choose(signals, store);
  dirty = false;
  drawnAt = at;
  draw();
}

function draw(): void {
  const { range } = player;
  const to = range ? range.to : now();
  const from = range ? range.from : to - windowS;
  if (!range) store.forgetBefore(from - 1);
  const marks = gaps.map((gap) => ({
    from: gap.from, to: Math.min(gap.to, to), kind: "lost" as const,
    text: gap.final ? "lost" : gap.to === Infinity ? "no link" : "fetching",
  }));
  board.draw(store, from, to, marks);
}

player.on("seek", () => {
  const at = player.range ? player.at : null;
  board.seek(at);
  timeline.seek(at);
});
let noting = 0;
player.on("seek", () => {
  clearTimeout(noting);
  noting = window.setTimeout(() => setQuery({ at: player.range && player.at > player.range.from ? isoText(player.at) : null }), 300);
});

// History -----------------------------------------------------------------------------------------------------------

let asked = 0;

function look(wanted: Range): void {
  view = wanted;
  viewS = view.to - view.from;
  for (const button of document.querySelectorAll<HTMLElement>("[data-view]")) {
    button.setAttribute("aria-pressed", String(Math.abs(Number(button.dataset.view) - viewS) < viewS / 20));
  }
  timeline.set(activities, view, player.range);
  clearTimeout(asked);
  asked = window.setTimeout(async () => {
    try {
      activities = await fetchHistory(vehicle, view);
      timeline.set(activities, view, player.range);
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), "bad");
    }
  }, activities.length ? 200 : 0);
}

function zoom(factor: number): void {
  viewS = Math.min(Math.max(viewS * factor, SHORTEST_VIEW_S), LONGEST_VIEW_S);
  look(around(player.range, viewS));
  setQuery({ view: Math.round(viewS) });
}

/** So much history around a stretch, or up to now; now is a little before the strip's end. */
function around(range: Range | null, widthS: number): Range {
  const latest = now() + widthS / 50;
  const to = range ? Math.min((range.from + range.to + widthS) / 2, latest) : latest;
  return { from: to - widthS, to };
}

function skip(direction: -1 | 1): void {
  const done = activities.filter((one) => one.kind !== "idle").sort((one, other) => one.from - other.from);
  const at = player.range?.from ?? now();
  const next = direction > 0 ? done.find((one) => one.from > at + 0.001) : done.findLast((one) => one.from < at - 0.001);
  if (next) select({ from: next.from, to: next.to });
  else toast(direction > 0 ? "No later trip or charge here." : "No earlier trip or charge here: show more time (-).", "note");
}

// What it does: by which rule, the server knows ------------------------------------------------------------------------

setInterval(async () => {
  if (document.hidden) return;
  const found = await askJson<{ status: string }>(`/vehicles/${encodeURIComponent(vehicle)}/status`).catch(() => null);
  const tag = document.getElementById("status")!;
  if (!found || tag.textContent === found.status) return;
  tag.textContent = found.status;
  tag.className = `tag ${found.status}`;
}, STATUS_MS);

// The page's own parts ----------------------------------------------------------------------------------------------

const add = installChooser(() => signals, choose);
windowChoice.value = String(windowS);
windowChoice.onchange = () => {
  windowS = Number(windowChoice.value);
  setQuery({ window: windowS === 30 ? null : windowS });
  if (!player.range) select(null);
};
for (const button of document.querySelectorAll<HTMLElement>("[data-view]")) {
  button.onclick = () => {
    viewS = Number(button.dataset.view);
    zoom(1);
  };
}
installParts(root, { add: (path) => void add(path), select: (from, to) => {
  select({ from: secondsOf(from), to: secondsOf(to) });
  scrollTo({ top: 0, behavior: "smooth" });
} });

board.choose(signals, store);
document.getElementById("board-empty")!.hidden = signals.length > 0;
const [from, to, at] = ["from", "to", "at"].map((name) => Date.parse(query().get(name) ?? "") / 1000);
select(from! < to! ? { from: from!, to: to! } : null, at);
requestAnimationFrame(frame);
