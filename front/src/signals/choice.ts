// What is chosen is the address of the page; changing it asks the server for the page anew, and keeps what is drawn.

/** The address with another choice: `change` gets its parameters. */
export function changed(change: (query: URLSearchParams) => void): string {
  const query = new URLSearchParams(location.search);
  change(query);
  return `${location.pathname}?${query}`;
}

/** The address with one more value of `vehicle` or `signal`, or without it where it is chosen. */
export function toggled(name: "vehicle" | "signal", value: string): string {
  return changed((query) => {
    const others = query.getAll(name).filter((one) => one !== value);
    if (others.length === query.getAll(name).length) others.push(value);
    query.delete(name);
    for (const one of others) query.append(name, one);
  });
}

/** The address with a range, in Unix seconds; a millisecond wider, since times come rounded to that. */
export function ranged(from: number, to: number): string {
  return changed((query) => {
    query.set("start", new Date(Math.floor(from * 1000) - 1).toISOString());
    query.set("end", new Date(Math.ceil(to * 1000) + 1).toISOString());
  });
}

/** Goes there without loading the page anew. */
export function go(address: string): void {
  void window.htmx.ajax("GET", address, { target: "#main", swap: "innerMorph", push: address });
}
