// A short word at the foot of the page; screen readers say it.
const SHOWN_MS = 8000;
let ending = 0;

export function toast(text: string, kind: "note" | "good" | "bad" = "note"): void {
  const place = document.getElementById("toast");
  if (!place) return;
  place.textContent = text;
  place.dataset.kind = kind;
  place.classList.add("on");
  clearTimeout(ending);
  ending = window.setTimeout(() => place.classList.remove("on"), SHOWN_MS);
}
