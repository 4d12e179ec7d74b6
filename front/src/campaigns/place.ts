// Where in a campaign's YAML the caret is: in which mapping, and whether a key, a value, a signal or an expression is due.

/** What can be written at a caret. */
export interface Place {
  kind: "key" | "item" | "value";
  /** The mapping (`signals[]`, `rollout.limits`; empty is the campaign), or for values the key's. */
  path: string;
  /** The key whose value it is; empty for keys. */
  key: string;
  /** What stands there before the caret, and where that begins in the text. */
  word: string;
  from: number;
}

interface Level { column: number; name: string; isItem: boolean }

const KEY = /^(["']?)([\w-]+)\1\s*:(?=\s|$)/;
const WORD = /[\w.*?]*$/;

/** The place at a caret. */
export function placeAt(text: string, caret: number): Place {
  const before = text.slice(0, caret);
  const lines = before.split("\n");
  const last = lines.pop()!;
  const levels: Level[] = [];
  for (const line of lines) walk(levels, line);
  const word = WORD.exec(last)![0];
  const at = { word, from: caret - word.length };
  const rest = walk(levels, last);
  const opened = rest.lastIndexOf("{");
  const closed = rest.lastIndexOf("}");
  if (opened > closed) return inBraces(levels, rest.slice(opened + 1), at);
  const key = KEY.exec(rest);
  if (key) return { kind: "value", path: pathOf(levels.slice(0, -1)), key: key[2]!, ...at };
  const path = pathOf(levels);
  if (levels.at(-1)?.isItem) return { kind: "item", path, key: keyOf(levels), ...at };
  return { kind: "key", path, key: "", ...at };
}

/** Takes a line's dashes and key into the levels; what stands behind the dashes. */
function walk(levels: Level[], line: string): string {
  let column = line.length - line.trimStart().length;
  let rest = line.slice(column);
  if (!rest || rest.startsWith("#")) {
    if (!rest) while (levels.length && levels.at(-1)!.column >= column && column > 0) levels.pop();
    if (!rest && column === 0) levels.length = 0;
    return "";
  }
  while (rest === "-" || rest.startsWith("- ")) {
    while (levels.length && (levels.at(-1)!.column > column || (levels.at(-1)!.column === column && levels.at(-1)!.isItem))) levels.pop();
    levels.push({ column, name: "[]", isItem: true });
    const inner = rest.slice(1);
    const spaces = inner.length - inner.trimStart().length;
    column += 1 + spaces;
    rest = inner.trimStart();
  }
  while (levels.length && levels.at(-1)!.column >= column) levels.pop();
  const key = KEY.exec(rest);
  if (key) levels.push({ column, name: key[2]!, isItem: false });
  return rest;
}

function inBraces(levels: Level[], inside: string, at: { word: string; from: number }): Place {
  const field = inside.slice(inside.lastIndexOf(",") + 1).trimStart();
  const key = KEY.exec(field);
  const path = pathOf(levels);
  return key ? { kind: "value", path, key: key[2]!, ...at } : { kind: "key", path, key: "", ...at };
}

function pathOf(levels: Level[]): string {
  let path = "";
  for (const { name, isItem } of levels) path += isItem ? "[]" : (path ? "." : "") + name;
  return path.replace(/^functions\.[\w-]+/, "functions.*");
}

/** The key of the list that an item is in. */
function keyOf(levels: Level[]): string {
  return [...levels].reverse().find((level) => !level.isItem)?.name ?? "";
}
