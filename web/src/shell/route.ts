import { signal } from "@preact/signals";

/** Where the reader is: #/page?name=value… */
export interface Route {
  readonly page: string;
  readonly params: URLSearchParams;
}

export const route = signal<Route>(read());

function read(): Route {
  const [page = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  return { page, params: new URLSearchParams(query) };
}

addEventListener("hashchange", () => {
  route.value = read();
});

/** Address of a page, with what it is to show. */
export function linkTo(page: string, params: Record<string, string | number> = {}): string {
  const query = new URLSearchParams(Object.entries(params).map(([name, value]) => [name, `${value}`]));
  return query.size === 0 ? `#/${page}` : `#/${page}?${query}`;
}

/** Goes to an address; with `replace`, the address before is not one to go back to. */
export function goTo(address: string, { replace = false } = {}): void {
  if (!replace) {
    location.hash = address;
    return;
  }
  history.replaceState(null, "", address);
  route.value = read();
}
