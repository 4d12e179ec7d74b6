// The fleet's filter: completion from the catalog, and an error under the box that points at the column.
import { askJson, Problem } from "./api";
import { combobox } from "./combobox";
import { complete, type Signal } from "./where";

export interface WhereBox {
  form: HTMLFormElement;
  /** Values that attributes are known to have. */
  known(attribute: string): string[];
  /** The filter was chosen; it throws the problem if the language refuses it. */
  apply(where: string): Promise<void>;
}

/** Brings the form with the fields `where` (input), `#where-list` and `#where-error` to life. */
export function whereBox({ form, known, apply }: WhereBox): { submit(): Promise<void> } {
  const input = form.elements.namedItem("where") as HTMLInputElement;
  const error = form.querySelector<HTMLElement>("#where-error")!;
  let signals: Signal[] = [];
  let asked = false;

  combobox(input, form.querySelector<HTMLElement>("#where-list")!, (text, caret) => complete(text, caret, signals, known));
  input.addEventListener("focus", async () => {
    if (asked) return;
    asked = true;
    signals = await allSignals();
    if (document.activeElement === input) input.dispatchEvent(new Event("focus"));
  });
  input.addEventListener("input", clear);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  form.addEventListener("reset", () => requestAnimationFrame(() => void submit()));

  function clear(): void {
    error.hidden = true;
    input.removeAttribute("aria-invalid");
  }

  async function submit(): Promise<void> {
    clear();
    try {
      await apply(input.value.trim());
    } catch (problem) {
      show(problem as Error);
    }
  }

  function show(problem: Error): void {
    input.setAttribute("aria-invalid", "true");
    error.hidden = false;
    if (!(problem instanceof Problem)) {
      error.textContent = problem.message;
      return;
    }
    const words = [problem.why || problem.what, problem.fix].filter(Boolean).join(". ");
    error.replaceChildren(...(problem.column ? [pointer(input.value.trim(), problem.column - 1)] : []), words);
  }

  return { submit };
}

/** The condition with the place marked where it stops to make sense. */
function pointer(where: string, at: number): HTMLElement {
  const line = document.createElement("code");
  const end = at + Math.max(/^[\w.]+|^\S?/.exec(where.slice(at))?.[0].length ?? 0, 1);
  const mark = document.createElement("mark");
  mark.textContent = where.slice(at, end) || "\u00a0";
  line.append(where.slice(0, at), mark, where.slice(end));
  return line;
}

async function allSignals(): Promise<Signal[]> {
  const found: Signal[] = [];
  let after: string | null = "";
  while (after !== null) {
    const page: { items: Signal[]; next: string | null } = await askJson(`/catalog/signals?${new URLSearchParams({ limit: "1000", after })}`);
    found.push(...page.items);
    after = page.next;
  }
  return found;
}
