// The player's bar: play, loop, how fast, where; and its keys.
import { type Player, RATES } from "./player";
import { durationText, momentText } from "./when";

export interface ControlsOptions {
  /** Shows less time (a factor below one) or more. */
  zoom(factor: number): void;
  /** Back to now; without it the page has no now. */
  live?(): void;
  /** To the activity before or after. */
  skip?(direction: -1 | 1): void;
  /** How a moment, a length and a speed are written, where the clock runs along something else than time. */
  text?: { at(at: number): string; length(length: number): string; rate(rate: number): string };
}

/** Fills the host (a `<div class="player">`) and listens to the page's keys. */
export function installControls(host: HTMLElement, player: Player, options: ControlsOptions): void {
  const play = button("", () => player.toggle());
  play.className = "primary play";
  const loop = button("Loop", () => player.setLoop(!player.loop), "Begin again at the end");
  const rate = document.createElement("select");
  rate.setAttribute("aria-label", "How fast");
  const text = options.text ?? { at: momentText, length: durationText, rate: (one: number) => `${one}×` };
  rate.append(...RATES.map((one) => new Option(text.rate(one), String(one))));
  rate.onchange = () => player.setRate(Number(rate.value));
  const slider = Object.assign(document.createElement("input"), { type: "range", min: "0", max: "1000", step: "1" });
  slider.setAttribute("aria-label", "Moment");
  slider.oninput = () => {
    const { range } = player;
    if (range) player.seek(range.from + (Number(slider.value) / 1000) * (range.to - range.from));
  };
  const said = document.createElement("output");
  const live = options.live && button("Live", options.live, "Back to now (key L)");
  const skip = options.skip;
  host.replaceChildren(...[
    live,
    skip && button("|‹", () => skip(-1), "The trip or charge before (key [)"),
    play,
    skip && button("›|", () => skip(1), "The trip or charge after (key ])"),
    slider, said, rate, loop,
    button("−", () => options.zoom(2), "Show more time (key -)"),
    button("+", () => options.zoom(0.5), "Show less time (key +)"),
  ].filter((one) => one !== undefined));

  const changed = (): void => {
    const off = !player.range;
    play.textContent = player.playing ? "Pause" : "Play";
    play.title = off ? "Choose a stretch of time first: drag over the timeline" : "Space plays and pauses, arrows step";
    for (const one of [play, rate, loop, slider]) one.disabled = off;
    loop.setAttribute("aria-pressed", String(player.loop));
    live?.setAttribute("aria-pressed", String(off));
    rate.value = String(player.rate);
    moved();
  };
  const moved = (): void => {
    const { range, at } = player;
    if (!range) {
      said.textContent = "live";
      return;
    }
    slider.value = String(Math.round(((at - range.from) / (range.to - range.from)) * 1000));
    said.textContent = `${text.at(at)} of ${text.length(range.to - range.from)}`;
    slider.setAttribute("aria-valuetext", said.textContent);
  };
  player.on("change", changed);
  player.on("seek", moved);
  changed();
  installKeys(player, options);
}

const STEP = 0.01;

function installKeys(player: Player, options: ControlsOptions): void {
  const actions: Record<string, (far: boolean) => void> = {
    " ": () => player.toggle(),
    ArrowLeft: (far) => player.step(-STEP * (far ? 10 : 1)),
    ArrowRight: (far) => player.step(STEP * (far ? 10 : 1)),
    "+": () => options.zoom(0.5),
    "=": () => options.zoom(0.5),
    "-": () => options.zoom(2),
    "[": () => options.skip?.(-1),
    "]": () => options.skip?.(1),
    l: () => options.live?.(),
  };
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.matches("input, textarea, select, [contenteditable], [role=tab], .maplibregl-canvas")) return;
    if (event.key === " " && target.matches("button, a, summary")) return;
    const action = actions[event.key];
    if (!action || (!player.range && !["-", "+", "=", "[", "]", "l"].includes(event.key))) return;
    event.preventDefault();
    action(event.shiftKey);
  });
}

function button(text: string, pressed: () => void, title = ""): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  if (title) made.title = title;
  if (!/\w/.test(text) && title) made.setAttribute("aria-label", title);
  made.onclick = pressed;
  return made;
}
