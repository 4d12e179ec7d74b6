// Operations: what the platform does now, asked every two seconds, as numbers and as lines of the last minutes.
import { ask } from "../lib/api";
import { Chart, type Trace } from "../lib/chart";
import { bytesText, numberText, spanText } from "../lib/format";
import { gauge, most, rate, type Process, type Status } from "../lib/rates";

const EVERY_MS = 2000;
const KEPT_S = 600;
const GAP_S = 15;

interface Line {
  chart: Chart;
  trace: Trace;
}

const root = document.getElementById("operations")!;
const lines = new Map<string, Line>();
let before: Status | null = null;
let newest: Status = JSON.parse(root.dataset.status!);

for (const [id, label, unit] of [
  ["values", "values stored", "/s"], ["waiting", "messages", ""], ["journal", "journal", "MB"],
] as const) {
  const chart = new Chart(document.getElementById(`chart-${id}`)!, { group: "operations", height: 130 });
  lines.set(id, { chart, trace: { label, unit, times: [], values: [], gapS: GAP_S } });
}

/** What a process says of this company, as people read it. */
function said(one: Process): string {
  const only = (other: Process) => other === one;
  const told: [number | null, (value: number) => string][] = [
    [rate(before, newest, only, "company_publishes_total"), (value) => `${numberText(value)} messages/s`],
    [rate(before, newest, only, "company_bytes_total"), (value) => `${bytesText(value)}/s`],
    [gauge([one], "company_pending_bytes"), (value) => `${bytesText(value)} wait for the journal`],
    [rate(before, newest, only, "payloads_total"), (value) => `${numberText(value)} payloads/s`],
    [rate(before, newest, only, "values_total"), (value) => `${numberText(value)} values/s`],
    [gauge([one], "stream_lag_messages"), (value) => `${numberText(value)} messages wait`],
    [rate(before, newest, only, "quarantined_total"), (value) => (value ? `${numberText(value)} to quarantine/s` : "")],
    [gauge([one], "commit_seconds", most), (value) => `${spanText(value)} for the last commit`],
    [gauge([one], "company_derived_age_seconds", most), (value) => `derived ${spanText(value)} ago`],
    [rate(before, newest, only, "derived_samples_total"), (value) => `${numberText(value)} samples derived/s`],
    [gauge([one], "vehicle_clocks_wrong"), (value) => (value ? `${numberText(value)} vehicles' clocks are wrong` : "")],
  ];
  return told.map(([value, text]) => (value === null ? "" : text(value))).filter(Boolean).join(" · ");
}

function figure(name: string, text: string): void {
  const place = root.querySelector<HTMLElement>(`[data-figure="${name}"]`);
  if (place && place.textContent !== text) place.textContent = text;
}

function show(): void {
  const all = newest.processes;
  const values = rate(before, newest, () => true, "values_total");
  const lag = gauge(all, "stream_lag_seconds", most);
  const waiting = gauge(all, "stream_lag_messages");
  const journal = gauge(all, "journal_bytes");
  const derived = gauge(all, "company_derived_age_seconds", most);
  figure("connected", newest.connected === null ? "-" : numberText(newest.connected));
  figure("values", values === null ? "…" : `${numberText(Math.round(values))}/s`);
  figure("lag", lag === null ? "-" : spanText(lag));
  figure("waiting", waiting === null ? "-" : numberText(waiting));
  figure("journal", journal === null ? "-" : bytesText(journal));
  figure("derived", derived === null ? "-" : spanText(derived));
  draw("values", values);
  draw("waiting", waiting);
  draw("journal", journal === null ? null : journal / 1e6);
  const state = document.getElementById("state")!;
  state.textContent = newest.state;
  state.className = `tag ${newest.state === "running" ? "good" : "bad"}`;
  document.querySelector<HTMLTimeElement>("#asked time")!.dateTime = newest.asked;
  for (const [table, one] of Object.entries(newest.lake)) {
    const place = root.querySelector(`[data-rows="${table}"]`);
    if (place) place.textContent = one.rows.toLocaleString("en-US");
  }
  processes();
}

function draw(name: string, value: number | null): void {
  const { chart, trace } = lines.get(name)!;
  const at = Date.parse(newest.asked) / 1000;
  trace.times.push(at);
  trace.values.push(value);
  while (trace.times[0]! < at - KEPT_S) {
    trace.times.shift();
    trace.values.shift();
  }
  chart.set([trace]);
  chart.window(Math.min(trace.times[0]!, at - 60), at);
}

/** A row a process; those that come or go change the table. */
function processes(): void {
  const body = document.querySelector("#processes tbody")!;
  const rows = new Map([...body.querySelectorAll<HTMLElement>("tr")].map((row) => [`${row.dataset.process} ${row.dataset.pid}`, row]));
  for (const one of newest.processes) {
    const key = `${one.component} ${one.pid ?? ""}`;
    const row = rows.get(key) ?? copied(body.querySelector<HTMLElement>(`tr[data-process="${one.component}"]`), one);
    rows.delete(key);
    if (!row) continue;
    const tag = row.querySelector<HTMLElement>(".tag")!;
    tag.textContent = one.state;
    tag.className = `tag ${one.state === "running" ? "good" : "bad"}`;
    row.querySelector(".up")!.textContent = one.uptime_s === null ? "-" : spanText(one.uptime_s);
    row.querySelector(".now")!.textContent = said(one) || "-";
  }
  for (const row of rows.values()) row.remove();
}

function copied(like: HTMLElement | null, one: Process): HTMLElement | null {
  if (!like) return null;
  const row = like.cloneNode(true) as HTMLElement;
  row.dataset.pid = String(one.pid ?? "");
  const hint = row.querySelector("td .hint");
  if (hint) hint.textContent = String(one.pid ?? "");
  like.after(row);
  return row;
}

async function turn(): Promise<void> {
  const stale = document.getElementById("stale")!;
  if (!document.hidden) {
    try {
      const status = (await (await ask("/status")).json()) as Status;
      before = newest;
      newest = status;
      show();
      stale.textContent = "";
    } catch (error) {
      stale.textContent = `It does not answer: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  setTimeout(() => void turn(), EVERY_MS);
}

show();
setTimeout(() => void turn(), EVERY_MS);
