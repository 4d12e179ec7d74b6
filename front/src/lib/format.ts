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
