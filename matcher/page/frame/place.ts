import { signal } from "@preact/signals";
import { type Place, placeOf } from "./address.ts";

/** Follows the address. */
export const place = signal<Place>(placeOf(location.hash));
addEventListener("hashchange", () => {
  place.value = placeOf(location.hash);
});
