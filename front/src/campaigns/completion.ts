// How a campaign can go on at a caret: keys, values, signals and functions, by the API's language and catalog.
import { askJson } from "../lib/api";
import { placeAt, type Place } from "./place";

/** A way to go on; `text` takes the place of the word before the caret. */
export interface Suggestion {
  text: string;
  shown: string;
  hint: string;
}

interface Field { name: string; what: string; values: string[] }
interface Language { fields: Record<string, Field[]>; calls: { text: string; what: string }[] }
interface Signal { path: string; datatype: string; unit: string; description: string }

const MOST = 12;
const PATHS = new Set(["signals", "path", "signal"]);
const EXPRESSIONS = new Set(["condition", "upload", "actions", "where"]);
const WORDS = ["and", "or", "not", "true", "false"];

let language: Promise<Language> | undefined;
const asked = new Map<string, Promise<Signal[]>>();

/** What can follow at a caret, and from where on it takes the text's place. */
export async function complete(text: string, caret: number): Promise<{ from: number; suggestions: Suggestion[] }> {
  const place = placeAt(text, caret);
  language ??= askJson<Language>("/campaign-language");
  const known = await language;
  const found: Suggestion[] = [];
  if (place.kind !== "value") found.push(...keys(known, place, text)); // an item may be a mapping, or not
  if (PATHS.has(place.key)) found.push(...(await signals(place.word)));
  else if (EXPRESSIONS.has(place.key)) found.push(...(await signals(place.word)), ...calls(known, place));
  else found.push(...values(known, place));
  return { from: place.from, suggestions: found.filter(({ text }) => text.trim() !== place.word).slice(0, MOST) };
}

function keys(known: Language, place: Place, text: string): Suggestion[] {
  const fields = known.fields[place.path] ?? [];
  const said = place.path === "" ? new Set(Array.from(text.matchAll(/^([\w-]+):/gm), (one) => one[1]!)) : new Set<string>();
  return fields
    .filter(({ name }) => name.startsWith(place.word) && !said.has(name))
    .map(({ name, what }) => ({ text: `${name}: `, shown: name, hint: what }));
}

function values(known: Language, place: Place): Suggestion[] {
  const field = known.fields[place.path]?.find(({ name }) => name === place.key);
  return (field?.values ?? []).filter((one) => one.startsWith(place.word)).map((one) => ({ text: one, shown: one, hint: field!.what }));
}

function calls(known: Language, place: Place): Suggestion[] {
  if (!place.word) return [];
  const functions = known.calls.map(({ text, what }) => ({ text: text.slice(0, text.indexOf("(") + 1), shown: text, hint: what }));
  const words = WORDS.map((one) => ({ text: `${one} `, shown: one, hint: "" }));
  return [...functions, ...words].filter(({ shown }) => shown.startsWith(place.word));
}

/** Signals whose path holds what is typed; those that begin so come first. */
async function signals(word: string): Promise<Suggestion[]> {
  const query = new URLSearchParams({ glob: `*${word.replace(/[*?]+$/, "")}*`, limit: "200" });
  const key = query.toString();
  if (!asked.has(key)) {
    if (asked.size > 200) asked.clear();
    asked.set(key, askJson<{ items: Signal[] }>(`/catalog/signals?${query}`).then(({ items }) => items));
  }
  const found = await asked.get(key)!;
  const begins = (one: Signal): number => Number(!one.path.toLowerCase().startsWith(word.toLowerCase()));
  return [...found]
    .sort((one, other) => begins(one) - begins(other))
    .map(({ path, datatype, unit, description }) => ({ text: path, shown: path, hint: [datatype, unit, description].filter(Boolean).join(" · ") }));
}
