import type { Json } from "./snapshot-part.ts";

/** Plain data with bigints. */
export type Exact = string | number | boolean | null | bigint | readonly Exact[] | { readonly [name: string]: Exact };

/** JSON that keeps bigints: each as an object with its digits under `n`, a name that nothing else here has alone. */
export function toJson(value: Exact): Json {
  if (typeof value === "bigint") return { n: value.toString() };
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toJson(item as Exact)]));
}

/** Inverse of {@link toJson}. */
export function fromJson(value: Json): Exact {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(fromJson);
  const entries = Object.entries(value);
  const [[name, digits] = []] = entries;
  if (entries.length === 1 && name === "n" && typeof digits === "string") return BigInt(digits);
  return Object.fromEntries(entries.map(([key, item]) => [key, fromJson(item as Json)]));
}
