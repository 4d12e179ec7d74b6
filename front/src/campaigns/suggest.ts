// A list of ways to go on below the caret of a text area: arrows choose, Enter takes, Escape closes.
import type { Suggestion } from "./completion";

type Complete = (text: string, caret: number) => Promise<{ from: number; suggestions: Suggestion[] }>;

const QUIET_MS = 120;

/** Offers completions for a monospaced text area in a list (an empty `ul`) laid over it. */
export function suggest(area: HTMLTextAreaElement, list: HTMLElement, complete: Complete): void {
  let from = 0;
  let found: Suggestion[] = [];
  let active = -1;
  let asked = 0;
  let waiting = 0;

  function close(): void {
    asked++;
    clearTimeout(waiting);
    list.hidden = true;
    active = -1;
    area.removeAttribute("aria-activedescendant");
  }

  async function offer(): Promise<void> {
    const mine = ++asked;
    const answer = await complete(area.value, area.selectionStart).catch(() => ({ from: 0, suggestions: [] }));
    if (mine !== asked || document.activeElement !== area) return;
    [from, found] = [answer.from, answer.suggestions];
    if (!found.length) return close();
    list.replaceChildren(...found.map(item));
    list.hidden = false;
    place();
    mark(0);
  }

  function item({ shown, hint }: Suggestion, index: number): HTMLElement {
    const made = document.createElement("li");
    made.id = `${list.id}-${index}`;
    made.setAttribute("role", "option");
    const name = document.createElement("code");
    name.textContent = shown;
    const about = document.createElement("span");
    about.textContent = hint;
    made.append(name, about);
    made.addEventListener("pointerdown", (event) => { event.preventDefault(); take(index); });
    return made;
  }

  function place(): void {
    const lines = area.value.slice(0, from).split("\n");
    const style = getComputedStyle(area);
    list.style.top = `${lines.length * parseFloat(style.lineHeight) + parseFloat(style.paddingTop) + 2}px`;
    const left = parseFloat(style.paddingLeft) - area.scrollLeft;
    list.style.left = `max(0px, min(calc(${left}px + ${lines.at(-1)!.length}ch), calc(100% - ${list.offsetWidth}px)))`;
  }

  function mark(index: number): void {
    active = index;
    for (const [number, one] of [...list.children].entries()) {
      one.setAttribute("aria-selected", String(number === index));
      if (number === index) one.scrollIntoView({ block: "nearest" });
    }
    area.setAttribute("aria-activedescendant", `${list.id}-${index}`);
  }

  function take(index: number): void {
    const { text } = found[index]!;
    close();
    area.setRangeText(text, from, area.selectionStart, "end");
    area.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertReplacementText" }));
  }

  area.addEventListener("input", (event) => {
    clearTimeout(waiting);
    const { inputType, data } = event as InputEvent;
    // Words are completed as they are typed; what is deleted, pasted or taken asks for nothing.
    if (inputType !== "insertText" || !/^[\w.]$/.test(data ?? "")) return close();
    waiting = window.setTimeout(() => void offer(), QUIET_MS);
  });
  area.addEventListener("blur", close);
  area.addEventListener("click", close);
  area.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === " ") void offer();
    else if (list.hidden) return;
    else if (event.key === "Escape") close();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") mark((active + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length);
    else if (event.key === "Enter" && active >= 0) take(active);
    else return;
    event.preventDefault();
  });
}
