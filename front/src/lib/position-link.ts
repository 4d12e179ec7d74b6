// The link to /v1/live/positions: it comes back by itself, and says when it is not there.
import { socketUrl } from "./api";
import { readFrame, type Frame } from "./position-frames";

export interface PositionOptions {
  /** Ids from an index on; from 0 they replace all that were known. */
  onIds(first: number, ids: string[]): void;
  onFrame(frame: Frame): void;
  /** Why nothing new comes; empty while all is well. */
  onTrouble(text: string): void;
}

const FIRST_RETRY_S = 0.5;
const LONGEST_RETRY_S = 15;
/** The server says something every second. */
const SILENT_S = 12;
const POLICY_VIOLATION = 1008;

export class PositionLink {
  private socket?: WebSocket;
  private failures = 0;
  private heardAt = 0;
  private retry = 0;

  constructor(private readonly options: PositionOptions) {
    setInterval(() => {
      if (this.socket && performance.now() - this.heardAt > SILENT_S * 1000) this.lost(this.socket, 0);
    }, 1000);
    addEventListener("online", () => {
      if (!this.socket) this.open();
    });
    this.open();
  }

  private open(): void {
    clearTimeout(this.retry);
    const socket = new WebSocket(socketUrl("/live/positions", new URLSearchParams()));
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heardAt = performance.now();
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (this.socket === socket) this.heard(event.data);
    };
    socket.onclose = (event) => this.lost(socket, event.code);
  }

  private heard(message: string | ArrayBuffer): void {
    this.heardAt = performance.now();
    if (typeof message !== "string") {
      this.failures = 0;
      this.options.onFrame(readFrame(message));
      return;
    }
    const told = JSON.parse(message) as { from?: number; ids?: string[]; problem?: { what: string; why: string } | null };
    if (told.ids) this.options.onIds(told.from ?? 0, told.ids);
    if ("problem" in told) this.options.onTrouble(told.problem ? [told.problem.what, told.problem.why].filter(Boolean).join(": ") : "");
  }

  private lost(socket: WebSocket, code: number): void {
    if (this.socket !== socket) return;
    this.socket = undefined;
    socket.close();
    if (code === POLICY_VIOLATION) location.reload(); // the session has ended: the page leads to the sign-in
    const wait = Math.min(FIRST_RETRY_S * 2 ** this.failures, LONGEST_RETRY_S) * (0.75 + Math.random() / 2);
    this.failures += 1;
    this.options.onTrouble(`the link to Kaido is broken: trying again in ${Math.max(Math.round(wait), 1)} s`);
    this.retry = window.setTimeout(() => this.open(), wait * 1000);
  }
}
