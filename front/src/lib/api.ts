// The public API, as the signed-in person.
import { hear } from "./clock";

/** What the API refused: what, why, and what to do. */
export class Problem extends Error {
  constructor(readonly status: number, readonly what: string, readonly why = "", readonly fix = "", readonly column: number | null = null) {
    super([what, why].filter(Boolean).join(": ") + (fix ? `. ${fix}` : ""));
  }
}

const SECONDS = 60;

/** The answer of `/v1` + path; a session that has ended leads to the sign-in. */
export async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  const csrf = document.documentElement.dataset.csrf;
  if (csrf && options.method && options.method !== "GET") headers.set("Kaido-CSRF", csrf);
  const answer = await fetch(`/v1${path}`, { signal: AbortSignal.timeout(SECONDS * 1000), ...options, headers });
  hear(answer.headers.get("Date"));
  if (answer.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    throw new Problem(answer.status, told.what ?? `${path} answered ${answer.status}`, told.why, told.fix, told.column ?? null);
  }
  return answer;
}

export async function askJson<T>(path: string, options: RequestInit = {}): Promise<T> {
  return (await ask(path, options)).json() as Promise<T>;
}

/** The address of a WebSocket of the API. */
export function socketUrl(path: string, query: URLSearchParams): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1${path}?${query}`;
}
