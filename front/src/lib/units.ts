// Units as the person's market reads them: the server says how (kaido.console.shown.Shown.units), on <html data-units>.
import { numberText } from "./format";

/** How values of a unit of the catalog are shown: `shown = factor * value + offset`, with that symbol. */
export interface Unit {
  symbol: string;
  factor: number;
  offset: number;
  /** Digits behind the point; null: as many as the size of a number calls for. */
  digits: number | null;
}

/** The name by which `unitOf` knows how the market reads distances that are in metres. */
export const FAR = "far";
const METRES_STAY_BELOW = 2000;

let known: Record<string, [string, number, number, number | null]> | undefined;

/** How a unit, as the catalog names it, is shown; one that is not known stays as it is. */
export function unitOf(name: string | null | undefined): Unit {
  known ??= JSON.parse(document.documentElement.dataset.units ?? "{}");
  const [symbol, factor, offset, digits] = known![name ?? ""] ?? [name ?? "", 1, 0, null];
  return { symbol, factor, offset, digits };
}

/** A number that is in the shown unit already, without its symbol. */
export function shownText(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "-";
  if (unit.digits === null) return numberText(value);
  return value.toLocaleString("en-US", { minimumFractionDigits: unit.digits, maximumFractionDigits: unit.digits });
}

/** A value of the catalog's unit with its symbol: `42 km/h`, `26 mph`. */
export function quantityText(value: number | null | undefined, name: string | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "-";
  const unit = unitOf(name === "m" && Math.abs(value) >= METRES_STAY_BELOW ? FAR : name);
  return `${shownText(unit.factor * value + unit.offset, unit)} ${unit.symbol}`.trimEnd();
}
