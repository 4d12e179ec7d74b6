// Writing a campaign: completion, checks as one types with the mistake marked, estimate and dry run, nothing lost by leaving.
import { complete } from "../campaigns/completion";
import { Editor } from "../campaigns/editor";
import { dryRun, keepAddress } from "../campaigns/rehearse";
import { suggest } from "../campaigns/suggest";
import { toast } from "../lib/toast";

const form = document.querySelector<HTMLFormElement>("#campaign")!;
const area = document.querySelector<HTMLTextAreaElement>("#text")!;
const kept = `campaign:${location.pathname}`;

suggest(area, document.querySelector("#suggestions")!, complete);
const editor = new Editor(document.querySelector("#editor")!);

// What was typed and not saved comes back, as long as the tab is open.
const before = sessionStorage.getItem(kept);
const anew = document.querySelector<HTMLButtonElement>("#anew")!;
if (before !== null && before !== area.value && !document.querySelector('[role="alert"]:not(#mistake)')) {
  area.value = before;
  anew.hidden = false;
  setTimeout(() => area.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "historyUndo" }))); // htmx listens by then
  toast("What you had written here is back.", "note");
}
anew.addEventListener("click", () => { sessionStorage.removeItem(kept); location.assign(location.pathname); });
area.addEventListener("input", () => sessionStorage.setItem(kept, area.value));
form.addEventListener("submit", () => sessionStorage.removeItem(kept));

function showMistake(): void {
  const found = document.querySelector<HTMLElement>("#mistake");
  editor.show(found ? { line: Number(found.dataset.line), column: Number(found.dataset.column), length: Number(found.dataset.length) } : null);
}
document.addEventListener("htmx:after:swap", showMistake);
document.querySelector("#check")!.addEventListener("click", (event) => {
  if ((event.target as HTMLElement).closest("[data-goto]")) editor.go();
});
showMistake();

const button = document.querySelector<HTMLButtonElement>("#dry-run")!;
button.addEventListener("click", () => void dryRun(area.value, button));
keepAddress();
