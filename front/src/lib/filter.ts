// A form that filters a list: its answer takes the list's place as one types, and the URL goes along.
import htmx from "htmx.org";

const QUIET_MS = 250;

/** Looks for what is in the form a moment after it changed, and replaces the list by that of the answer. */
export function searchAsTyped(form: HTMLFormElement | null, list: string): void {
  if (!form) return;
  let waiting = 0;
  const search = (): void => {
    clearTimeout(waiting);
    const url = new URL(form.action, location.href);
    for (const [name, value] of new FormData(form)) if (value) url.searchParams.append(name, String(value));
    history.replaceState(history.state, "", url.pathname + url.search);
    void htmx.ajax("GET", url.pathname + url.search, { target: list, select: list, swap: "outerHTML" });
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = window.setTimeout(search, QUIET_MS); });
}
