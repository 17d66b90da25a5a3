import { readFileSync } from "node:fs";
import { Refusal } from "../supervisor/refusal.ts";

/** Where `npm start` says how to reach what it started. */
export const DEVNET_URLS = "build/devnet/urls.json";

/** What a command needs to know to find an exchange. */
export type PlaceName = "api" | "rpc" | "exchange";

/** A flag, or its environment variable, or what a running devnet left for others to find it; undefined when there is none of them. */
export function knownPlaceOf(name: PlaceName, given: string | undefined): string | undefined {
  const value = given ?? process.env[`CLEARBOOK_${name.toUpperCase()}`];
  if (value !== undefined && value !== "") return value;
  try {
    const found = (JSON.parse(readFileSync(DEVNET_URLS, "utf8")) as Record<string, unknown>)[name];
    return typeof found === "string" ? found : undefined;
  } catch {
    // There is no devnet to find.
    return undefined;
  }
}

/** The same where it must be known. @throws Refusal when it is not */
export function placeOf(name: PlaceName, given: string | undefined): string {
  const place = knownPlaceOf(name, given);
  if (place !== undefined) return place;
  throw new Refusal(`No devnet was started here (${DEVNET_URLS} does not tell): pass --${name}.`);
}
