// The page's state in its URL.

/** The parameters of the page's URL. */
export function query(): URLSearchParams {
  return new URLSearchParams(location.search);
}

/** Changes parameters in place, without a step in the history; null and the empty list take one away. */
export function setQuery(changes: Record<string, string | string[] | number | null>): void {
  const now = query();
  for (const [name, value] of Object.entries(changes)) {
    now.delete(name);
    if (Array.isArray(value)) for (const one of value) now.append(name, one);
    else if (value !== null && value !== "") now.set(name, String(value));
  }
  const text = now.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
  history.replaceState(history.state, "", text ? `${location.pathname}?${text}` : location.pathname);
}
