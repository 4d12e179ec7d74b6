// The card of the chosen car, drawn by the server (/fleet/card/ID) and kept up to date while it is open.

const REFRESH_MS = 2000;

export interface CardOptions {
  onClose(): void;
  onCentre(): void;
}

export class FleetCard {
  private id = "";
  private timer = 0;
  private readonly element = document.getElementById("card")!;

  constructor(private readonly options: CardOptions) {
    this.element.addEventListener("click", (event) => {
      const target = event.target as Element;
      if (target.closest("[data-close]")) this.options.onClose();
      else if (target.closest("[data-centre]")) this.options.onCentre();
    });
  }

  /** Shows a car; with an empty id nothing. */
  open(id: string): void {
    this.id = id;
    clearTimeout(this.timer);
    if (id) void this.refresh();
    else this.element.hidden = true;
  }

  private async refresh(): Promise<void> {
    const { id } = this;
    try {
      const answer = await fetch(`/fleet/card/${encodeURIComponent(id)}`, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(10_000) });
      if (answer.redirected || answer.status === 401) location.reload();
      const text = await answer.text();
      if (id !== this.id) return;
      const focused = this.element.contains(document.activeElement) ? this.marks().indexOf(document.activeElement as HTMLElement) : -1;
      this.element.innerHTML = text;
      this.element.hidden = false;
      this.marks()[focused]?.focus();
    } catch {
      // The page says already that Kaido cannot be reached; the ages on the card count on.
    }
    if (id === this.id) this.timer = window.setTimeout(() => void this.refresh(), REFRESH_MS);
  }

  private marks(): HTMLElement[] {
    return [...this.element.querySelectorAll<HTMLElement>("a, button")];
  }
}
