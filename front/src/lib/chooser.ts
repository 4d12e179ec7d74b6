// The box that adds a signal to the board, completed from the catalog.
import { askJson } from "./api";
import type { SignalInfo } from "./board";
import { toast } from "./toast";

const WAIT_MS = 150;
const OFFERED = "20";

/** Makes `#chooser` work; the answer adds a signal by its path and says so where there is none. */
export function installChooser(chosen: () => SignalInfo[], choose: (signals: SignalInfo[]) => void): (path: string) => Promise<void> {
  const input = document.getElementById("add-signal") as HTMLInputElement;
  let waiting = 0;
  document.getElementById("chooser")!.addEventListener("submit", (event) => {
    event.preventDefault();
    void add(input.value.trim()).then(() => { input.value = ""; });
  });
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(() => void complete(), WAIT_MS);
  });
  return add;

  async function add(path: string): Promise<void> {
    if (!path || chosen().some((one) => one.path === path)) return;
    try {
      const found = await askJson<{ items: SignalInfo[] }>(`/catalog/signals?${new URLSearchParams({ glob: path, limit: "1" })}`);
      if (!found.items.length) return toast(`There is no signal ${path}. See all: kaido catalog list`, "bad");
      choose([...chosen(), found.items[0]!]);
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), "bad");
    }
  }

  async function complete(): Promise<void> {
    const query = new URLSearchParams({ search: input.value, limit: OFFERED });
    const found = await askJson<{ items: SignalInfo[] }>(`/catalog/signals?${query}`).catch(() => ({ items: [] }));
    document.getElementById("signal-paths")!.replaceChildren(...found.items.map((one) => new Option(one.unit ?? "", one.path)));
  }
}
