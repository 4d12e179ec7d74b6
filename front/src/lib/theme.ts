// The theme's colours for what draws on a canvas, and a word when they change.

const listening = new Set<() => void>();
const known = new Map<string, string>();

/** The value of a token of `tokens.css`: `color("--ink")`. Asked for once a theme: charts want it in every frame. */
export function color(token: string): string {
  let found = known.get(token);
  if (!found) known.set(token, (found = getComputedStyle(document.documentElement).getPropertyValue(token).trim()));
  return found;
}

/** The colour of the n-th trace; they repeat after eight. */
export function traceColor(index: number): string {
  return color(`--trace-${(index % 8) + 1}`);
}

/** Calls back when the theme changes; gives back what ends that. */
export function onTheme(changed: () => void): () => void {
  listening.add(changed);
  return () => listening.delete(changed);
}

function tell(): void {
  known.clear();
  for (const changed of listening) changed();
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
new MutationObserver(tell).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
