/** Which view is shown: the address below /dashboard/, and moving between addresses without loading the page again. */
import { computed, signal } from "@preact/signals";

const base = "/dashboard";

const address = signal(location.pathname + location.search);
addEventListener("popstate", () => {
  address.value = location.pathname + location.search;
});

const url = computed(() => new URL(address.value, location.origin));

/** The path in pieces, without the base. */
export const segments = computed(() => url.value.pathname.slice(base.length).split("/").filter(Boolean).map(decodeURIComponent));

export const search = computed(() => url.value.searchParams);

export const hrefTo = (path: string): string => `${base}${path}`;

/** Goes to a path of the dashboard, e.g. `/inbox`. `replace` leaves no entry in the history. */
export function navigate(path: string, replace = false): void {
  history[replace ? "replaceState" : "pushState"](null, "", hrefTo(path));
  address.value = location.pathname + location.search;
  if (!replace) scrollTo(0, 0);
}

/** Changes one parameter of the address in place. */
export function setSearch(name: string, value: string | undefined): void {
  const next = new URL(url.value);
  if (value === undefined) next.searchParams.delete(name);
  else next.searchParams.set(name, value);
  history.replaceState(null, "", next.pathname + next.search);
  address.value = next.pathname + next.search;
}

/** For links: a plain click stays in the page, everything else is the browser's. */
export function follow(event: MouseEvent): void {
  const link = event.currentTarget as HTMLAnchorElement;
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(link.pathname.slice(base.length) + link.search);
}
