// The text area as an editor: numbers of lines, the mistake marked where it is, new lines indented like the one before.

/** What is wrong in a text: line and column from 1, and how many characters it is about. */
export interface Mistake { line: number; column: number; length: number }

export class Editor {
  private readonly area: HTMLTextAreaElement;
  private readonly under: HTMLElement;
  private readonly numbers: HTMLElement;
  private mistake: Mistake | null = null;

  /** An editor in an element with a `textarea`, and `pre.under` and `pre.numbers` for what is drawn. */
  constructor(root: HTMLElement) {
    this.area = root.querySelector("textarea")!;
    this.under = root.querySelector(".under")!;
    this.numbers = root.querySelector(".numbers")!;
    this.area.addEventListener("input", () => { this.mistake = null; this.draw(); });
    this.area.addEventListener("scroll", () => this.follow());
    this.area.addEventListener("keydown", (event) => this.indent(event));
    this.draw();
  }

  /** Marks a mistake; null takes the mark away. */
  show(mistake: Mistake | null): void {
    this.mistake = mistake;
    this.draw();
  }

  /** Puts the caret where the mistake is. */
  go(): void {
    if (!this.mistake) return;
    const lines = this.area.value.split("\n");
    const start = lines.slice(0, this.mistake.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + this.mistake.column - 1;
    this.area.focus();
    this.area.setSelectionRange(start, start + this.mistake.length);
  }

  private draw(): void {
    const lines = this.area.value.split("\n");
    this.area.rows = Math.max(lines.length + 1, 18);
    this.numbers.replaceChildren(...lines.map((_, index) => {
      const number = document.createElement("span");
      number.textContent = `${index + 1}\n`;
      if (index + 1 === this.mistake?.line) number.className = "wrong";
      return number;
    }));
    this.under.replaceChildren();
    if (this.mistake) {
      const { line, column, length } = this.mistake;
      const mark = document.createElement("mark");
      mark.textContent = (lines[line - 1] ?? "").slice(column - 1, column - 1 + length) || " ";
      this.under.append(`${"\n".repeat(line - 1)}${(lines[line - 1] ?? "").slice(0, column - 1)}`, mark);
    }
    this.follow();
  }

  private follow(): void {
    this.under.style.translate = `${-this.area.scrollLeft}px 0`;
  }

  private indent(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
    const before = this.area.value.slice(0, this.area.selectionStart);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const [indent] = /^ *(?:- )?/.exec(line)!;
    if (!indent) return;
    event.preventDefault();
    const next = line.trim() === "-" ? "" : indent; // an empty item ends the list
    if (next === "") this.area.setRangeText("", before.length - line.length, before.length, "end");
    else this.area.setRangeText(`\n${next}`, this.area.selectionStart, this.area.selectionEnd, "end");
    this.area.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertLineBreak" }));
  }
}
