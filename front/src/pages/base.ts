// On every page: htmx, ages that count on, keys, and words about what failed.
import htmx from "htmx.org";
import { ageText } from "../lib/format";
import { installKeys } from "../lib/keys";
import { toast } from "../lib/toast";

const root = document.documentElement;

// Every change that htmx sends carries the session's token.
document.addEventListener("htmx:config:request", (event) => {
  const context = (event as CustomEvent).detail.ctx;
  if (root.dataset.csrf) context.request.headers["Kaido-CSRF"] = root.dataset.csrf;
});
document.addEventListener("htmx:error", (event) => {
  const failure = (event as CustomEvent).detail.error;
  toast(`The page could not reach Kaido: ${failure instanceof Error ? failure.message : "no answer"}.`, "bad");
});

function countOn(): void {
  const now = Date.now();
  for (const time of document.querySelectorAll<HTMLTimeElement>("time.age")) {
    const text = `${ageText((now - Date.parse(time.dateTime)) / 1000)} ago`;
    if (time.textContent !== text) time.textContent = text;
  }
}
setInterval(countOn, 1000);

installKeys();
document.documentElement.dataset.ready = "true";
declare global {
  interface Window {
    htmx: typeof htmx;
  }
}
window.htmx = htmx;
