// A text field that offers how to go on: arrow keys choose, Enter or Tab takes, Escape closes (ARIA's combobox).
import type { Completion } from "./where";

/** Offers completions for an input in a list (an empty `ul`) behind it. */
export function combobox(input: HTMLInputElement, list: HTMLElement, complete: (text: string, caret: number) => Completion): void {
  let now: Completion = { from: 0, suggestions: [] };
  let active = -1;
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  list.setAttribute("role", "listbox");
  close();

  function close(): void {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function offer(): void {
    now = complete(input.value, input.selectionStart ?? input.value.length);
    list.replaceChildren(...now.suggestions.map(({ text, hint }, index) => {
      const item = document.createElement("li");
      item.id = `${list.id}-${index}`;
      item.setAttribute("role", "option");
      const name = document.createElement("code");
      name.textContent = text.trim();
      const about = document.createElement("span");
      about.textContent = hint;
      item.append(name, about);
      item.addEventListener("pointerdown", (event) => {
        event.preventDefault(); // the field keeps the focus
        take(index);
      });
      return item;
    }));
    if (!now.suggestions.length) return close();
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(-1);
  }

  function mark(index: number): void {
    active = index;
    for (const [number, item] of [...list.children].entries()) {
      item.setAttribute("aria-selected", String(number === index));
      if (number === index) item.scrollIntoView({ block: "nearest" });
    }
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${list.id}-${index}`);
  }

  function take(index: number): void {
    const { text } = now.suggestions[index]!;
    const caret = input.selectionStart ?? input.value.length;
    input.value = input.value.slice(0, now.from) + text + input.value.slice(caret);
    input.setSelectionRange(now.from + text.length, now.from + text.length);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  input.addEventListener("input", offer);
  input.addEventListener("focus", offer);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const count = now.suggestions.length;
    if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && list.hidden) {
      offer();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      mark((active + (event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1) + count) % count);
    } else if ((event.key === "Enter" || event.key === "Tab") && !list.hidden && active >= 0) {
      take(active);
    } else {
      if (event.key === "Enter") close();
      return;
    }
    event.preventDefault();
  });
}
