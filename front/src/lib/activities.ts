// What a vehicle did, from `/v1/trips`, `/v1/charges` and `/v1/idles`.
import { askJson } from "./api";
import type { Range } from "./player";
import { secondsOf } from "./samples";
import type { Activity } from "./timeline";
import { isoText } from "./when";

interface Row {
  id: string;
  start: string;
  end: string;
}

const KINDS = { trips: "trip", charges: "charge", idles: "idle" } as const;
/** The longest activity that may reach into a view from before it: they are asked for by their start. */
const REACH_S = 7 * 86_400;
const PAGES = 5;

/** The activities of a stretch of time, and those that reach into it; at most 5,000 of a kind, the newest. */
export async function fetchHistory(vehicle: string, range: Range): Promise<Activity[]> {
  const kinds = Object.entries(KINDS).map(async ([path, kind]) => {
    const found: Activity[] = [];
    let after: string | null = "";
    for (let page = 0; page < PAGES && after !== null; page++) {
      const query = new URLSearchParams({ vehicle, start: isoText(range.from - REACH_S), end: isoText(range.to), limit: "1000" });
      if (after) query.set("after", after);
      const answer: { items: Row[]; next: string | null } = await askJson(`/${path}?${query}`);
      found.push(...answer.items.map((one) => ({ kind, id: one.id, from: secondsOf(one.start), to: secondsOf(one.end) })));
      after = answer.next;
    }
    return found;
  });
  return (await Promise.all(kinds)).flat();
}
