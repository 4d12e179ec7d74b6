// What time it is at the platform: this machine's clock may be wrong, and then charts of now would be empty.

const TOLERATED_S = 2;
let ahead = 0;

/** Unix seconds now, as the platform has them once it was asked anything. */
export function now(): number {
  return Date.now() / 1000 + ahead;
}

/** Takes what an answer's header `Date` says; it has whole seconds, so little is no difference. */
export function hear(date: string | null): void {
  const there = Date.parse(date ?? "") / 1000 + 0.5;
  const differs = there - Date.now() / 1000;
  if (!Number.isNaN(differs)) ahead = Math.abs(differs) > TOLERATED_S ? differs : 0;
}
