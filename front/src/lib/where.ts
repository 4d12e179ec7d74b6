// The language of `kaido fleet --where`, as far as completing it goes: what may stand at the caret.

export interface Signal {
  path: string;
  unit: string;
  datatype: string;
  description: string;
  allowed: (string | number)[];
}

export interface Suggestion {
  /** What is put in place of the characters from `from` to the caret. */
  text: string;
  hint: string;
}

export interface Completion {
  from: number;
  suggestions: Suggestion[];
}

export const ATTRIBUTES: Record<string, string> = {
  id: "the vehicle's id", model: "its model", market: "where it is sold", platform: "its platform", vin: "its VIN or frame number",
};
const MOST = 12;
const TOKEN = /\s*(?:(\d+\.?\d*|\.\d+)|([A-Za-z_][\w.]*)|`([^`]+)`|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(<=|>=|==|!=|<>|[<>=+\-*/(),]))/y;
const COMPARISONS: [string, string][] = [
  ["== ", "is"], ["!= ", "is not"], ["> ", "more than"], ["< ", "less than"], [">= ", "at least"], ["<= ", "at most"],
  ["in (", "is one of"], ["is null", "was never sent"], ["is not null", "was sent"],
];
const TEXT_COMPARISONS = new Set(["== ", "!= ", "in (", "is null", "is not null"]);

type Expected = "operand" | "comparison" | "value" | "joint" | "nothing";

/** What may follow at the caret.
 * @param known the values that an attribute is known to have */
export function complete(text: string, caret: number, signals: Signal[], known: (attribute: string) => string[]): Completion {
  const before = text.slice(0, caret);
  const word = openQuote(before) ?? /[A-Za-z_][\w.]*$/.exec(before)?.[0] ?? "";
  const from = caret - word.length;
  const { expected, subject } = state(before.slice(0, from));
  const wanted = word.replace(/^["']/, "").toLowerCase();
  const all = {
    operand: () => operands(signals),
    comparison: () => comparisons(subject, signals),
    value: () => values(subject, signals, known),
    joint: () => [{ text: "and ", hint: "both hold" }, { text: "or ", hint: "either holds" }],
    nothing: () => [],
  }[expected]();
  return { from, suggestions: rank(all, wanted).slice(0, MOST) };
}

/** The quotation that is open at the end of a text; null where none is. */
function openQuote(before: string): string | null {
  const closedOnes = before.replace(/"[^"]*"|'[^']*'/g, (closed) => " ".repeat(closed.length));
  return /["'].*$/.exec(closedOnes)?.[0] ?? null;
}

function state(before: string): { expected: Expected; subject: string } {
  let expected = "operand" as Expected;
  let subject = "";
  let list = false;
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(before); token; token = TOKEN.exec(before)) {
    const [, number, name, quoted, quotation, symbol] = token;
    const word = name?.toLowerCase() ?? "";
    if (word === "and" || word === "or" || word === "not") expected = "operand";
    else if (word === "in") [expected, list] = ["nothing", true];
    else if (word === "is") expected = "nothing";
    else if (word === "age" || word === "is_null") expected = "operand";
    else if (word === "null" || word === "true" || word === "false" || number || quotation) expected = list ? "nothing" : "joint";
    else if (name || quoted) [expected, subject] = [expected === "value" ? "joint" : "comparison", name ?? quoted!];
    else if (symbol === ")") [expected, list] = [list || expected === "joint" ? "joint" : "comparison", false];
    else if (symbol === "(") expected = list ? "value" : "operand";
    else expected = symbol === "," || !"+-*/".includes(symbol!) ? "value" : "operand";
  }
  return { expected, subject };
}

function operands(signals: Signal[]): Suggestion[] {
  return [
    ...Object.entries(ATTRIBUTES).map(([name, hint]) => ({ text: `${name} `, hint })),
    ...signals.map(({ path, unit, description }) => ({ text: `${path} `, hint: [unit, description].filter(Boolean).join(" · ") })),
    { text: "not ", hint: "does not hold" },
    { text: "age(", hint: "seconds since a signal's value" },
    { text: "is_null(", hint: "was never sent" },
  ];
}

function comparisons(subject: string, signals: Signal[]): Suggestion[] {
  const isText = subject in ATTRIBUTES || signals.find(({ path }) => path === subject)?.datatype === "string";
  return COMPARISONS.filter(([text]) => !isText || TEXT_COMPARISONS.has(text)).map(([text, hint]) => ({ text, hint }));
}

function values(subject: string, signals: Signal[], known: (attribute: string) => string[]): Suggestion[] {
  if (subject in ATTRIBUTES) return known(subject).map((value) => ({ text: `${JSON.stringify(value)} `, hint: subject }));
  const signal = signals.find(({ path }) => path === subject);
  if (signal?.datatype === "boolean") return [{ text: "1 ", hint: "yes" }, { text: "0 ", hint: "no" }];
  return (signal?.allowed ?? []).map((value) => ({ text: `${JSON.stringify(value)} `, hint: subject }));
}

function rank(suggestions: Suggestion[], wanted: string): Suggestion[] {
  if (!wanted) return suggestions;
  const scored = suggestions.flatMap((suggestion) => {
    const text = suggestion.text.replace(/^["']/, "").toLowerCase();
    const at = text.indexOf(wanted);
    if (at < 0 || text.trim() === wanted) return [];
    const score = at === 0 ? 0 : text.split(".").some((part) => part.startsWith(wanted)) ? 1 : 2;
    return [{ suggestion, score, length: text.length }];
  });
  return scored.sort((a, b) => a.score - b.score || a.length - b.length).map(({ suggestion }) => suggestion);
}
