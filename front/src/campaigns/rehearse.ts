// A dry run: the recording goes to the API as it is, and its answer is asked for by its id, also by who comes back.
import htmx from "htmx.org";
import { ask, askJson, Problem } from "../lib/api";
import { toast } from "../lib/toast";
import { setQuery } from "../lib/url";

const UPLOAD_MS = 600_000;
/** Fields that say for whom: a recording is of one vehicle. */
const FOR_WHOM = new Set(["targets", "rollout", "unregistered"]);

/** Shows an estimate or a dry run in the page, which asks for it until it has ended. */
async function show(id: string): Promise<void> {
  await htmx.ajax("GET", `/campaigns/-/rehearsals/${id}`, { target: "#rehearsal", swap: "innerHTML" });
}

/** Plays the chosen recording through what is written. */
export async function dryRun(text: string, button: HTMLButtonElement): Promise<void> {
  const recording = document.querySelector<HTMLInputElement>("#recording")?.files?.[0];
  if (!recording) return toast("Choose a recorded drive first: candump, ASC, BLF, MF4 …", "bad");
  button.disabled = true;
  try {
    const read = await askJson<{ document: Record<string, unknown> | null; mistake: { what: string; line: number } | null }>(
      "/campaigns/read", { method: "POST", body: JSON.stringify({ text }), headers: { "Content-Type": "application/json" } });
    if (!read.document || read.mistake) return toast(`First mend line ${read.mistake?.line}: ${read.mistake?.what}`, "bad");
    const alone = Object.fromEntries(Object.entries(read.document).filter(([name]) => !FOR_WHOM.has(name)));
    const query = new URLSearchParams({ campaign: JSON.stringify(alone), file: recording.name });
    const manifest = document.querySelector<HTMLSelectElement>("#manifest")?.value;
    if (manifest) query.set("manifest", manifest);
    const answer = await ask(`/campaign-rehearsals/dry-run?${query}`, {
      method: "POST", body: recording, headers: { "Content-Type": "application/octet-stream" }, signal: AbortSignal.timeout(UPLOAD_MS),
    });
    await show((await answer.json()).id);
  } catch (error) {
    toast(error instanceof Problem ? error.message : `The recording could not be sent: ${error}`, "bad");
  } finally {
    button.disabled = false;
  }
}

/** Keeps the address of what runs, so that leaving does not lose it. */
export function keepAddress(): void {
  document.addEventListener("htmx:after:swap", () => {
    const id = document.querySelector<HTMLElement>("#rehearsal [data-rehearsal]")?.dataset.rehearsal;
    if (id && !location.search.includes(id)) setQuery({ rehearsal: id });
  });
}
