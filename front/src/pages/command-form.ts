// A new command: what stands before it and whom it reaches are asked again when the form changes; it is sent once.
import htmx from "htmx.org";

const QUIET_MS = 400;
const form = document.querySelector<HTMLFormElement>("#command");

if (form) {
  let waiting = 0;
  const look = (): void => {
    clearTimeout(waiting);
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value && !["csrf", "id", "confirm"].includes(name)) query.append(name, String(value));
    }
    history.replaceState(history.state, "", `/commands/-/new?${query}`);
    if (form.querySelector("dialog[open]")) return; // what somebody reads there stays
    void htmx.ajax("GET", `/commands/-/preview?${query}`, { target: "#preview", swap: "innerHTML" });
  };
  const choose = (): void => {
    form.dataset.to = new FormData(form).get("to") === "fleet" ? "fleet" : "vehicle";
  };
  form.addEventListener("input", () => { choose(); clearTimeout(waiting); waiting = window.setTimeout(look, QUIET_MS); });
  form.addEventListener("keydown", (event) => {
    // Enter in a field asks once more, as the button does; it does not send.
    if (event.key !== "Enter" || !(event.target as HTMLElement).matches("input")) return;
    event.preventDefault();
    form.querySelector<HTMLButtonElement>('button[commandfor="send"]')?.click();
  });
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll<HTMLButtonElement>("dialog button")) setTimeout(() => { button.disabled = true; });
  });
  choose();
}
