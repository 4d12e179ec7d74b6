// Keys: `/` goes to the page's search, `g` and a letter to a page, `?` says all of them.
import { toast } from "./toast";

const PLACES: Record<string, string> = {
  f: "/fleet", s: "/signals", c: "/campaigns", m: "/commands", e: "/energy", o: "/operations", a: "/account",
};

export function installKeys(): void {
  let going = 0;
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input, textarea, select, [contenteditable]")) return;
    if (event.key === "/") {
      const search = document.querySelector<HTMLElement>("[data-search]");
      if (search) { event.preventDefault(); search.focus(); }
    } else if (event.key === "?") {
      toast("/ search · g then f fleet, s signals, c campaigns, m commands, e energy, o operations, a account · space plays", "note");
    } else if (event.key === "g") {
      going = event.timeStamp;
    } else if (going && event.timeStamp - going < 1500 && PLACES[event.key]) {
      location.assign(PLACES[event.key]!);
    }
  });
}
