// Ages and numbers, as the server writes them (kaido.runtime.clock.age, kaido.console.shown).

/** How long ago: `3 s`, `4 min`, `2 h`, `5 d`. */
export function ageText(seconds: number): string {
  for (const [unit, size] of [["d", 86_400], ["h", 3_600], ["min", 60]] as const) {
    if (seconds >= 2 * size) return `${Math.round(seconds / size)} ${unit}`;
  }
  return `${Math.max(Math.round(seconds), 0)} s`;
}

/** A number with about four figures, thousands apart, without its unit. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  const digits = Number.isInteger(value) ? 0 : size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `12.3 MB`. */
export function bytesText(count: number): string {
  for (const [symbol, size] of [["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]] as const) {
    if (count >= size) return `${(count / size).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} ${symbol}`;
  }
  return `${Math.round(count)} B`;
}

/** How long: `0.4 s`, `42 s`, `12 min`, `3 h 05 min`. */
export function spanText(seconds: number): string {
  if (seconds < 90) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
