// Moments in the person's zone (<html data-zone>); a moment is Unix seconds, as the charts have it.

const made = new Map<string, Intl.DateTimeFormat>();

function format(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  let found = made.get(name);
  if (!found) made.set(name, (found = new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: zone(), hourCycle: "h23" })));
  return found;
}

/** The zone of the person who looks, as the IANA names it. */
export function zone(): string {
  return document.documentElement.dataset.zone ?? "UTC";
}

/** The zone's short name at that moment: `UTC`, `JST`, `GMT-5`. */
export function zoneText(seconds: number): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone(), timeZoneName: "short" }).formatToParts(seconds * 1000);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone();
}

/** `13:05:09`, with tenths where `digits` asks for them. */
export function clockText(seconds: number, digits: 0 | 1 = 0): string {
  const text = format("clock", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(seconds * 1000);
  return digits ? `${text}.${Math.floor((seconds % 1) * 10)}` : text;
}

/** `13:05`. */
export function minuteText(seconds: number): string {
  return format("minute", { hour: "2-digit", minute: "2-digit" }).format(seconds * 1000);
}

/** `2026-01-31`. */
export function dayText(seconds: number): string {
  return format("day", { year: "numeric", month: "2-digit", day: "2-digit" }).format(seconds * 1000);
}

/** `2026-01-31 13:05:09 JST`. */
export function momentText(seconds: number): string {
  return `${dayText(seconds)} ${clockText(seconds)} ${zoneText(seconds)}`;
}

/** ISO 8601 in UTC, for URLs and the API; to the millisecond. */
export function isoText(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

/** How long: `42 s`, `12 min`, `3 h 05 min`. */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** Time since a start: `4:07`, `1:04:07`. */
export function elapsedText(seconds: number): string {
  const all = Math.abs(Math.round(seconds));
  const two = (number: number): string => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor(all / 60) % 60];
  return `${seconds <= -0.5 ? "-" : ""}${hours ? `${hours}:${two(minutes)}` : minutes}:${two(all % 60)}`;
}
