/** What of the page is shown; it stands in the address, so that it can be kept and sent to others. */
export type Place = { readonly view: "trade"; readonly market: string | null } | { readonly view: "status" };

/** "#/trade/BTC-USD" → the place. Whatever is not one is the market that comes first. */
export function placeOf(hash: string): Place {
  const [, view, market] = /^#\/(trade|status)(?:\/([A-Z0-9]{1,16}-USD))?$/.exec(hash) ?? [];
  if (view === "status") return { view: "status" };
  return { view: "trade", market: market ?? null };
}

export function hashOf(place: Place): string {
  return place.view === "status" ? "#/status" : `#/trade${place.market === null ? "" : `/${place.market}`}`;
}
