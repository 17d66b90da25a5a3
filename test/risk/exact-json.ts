import { readFileSync } from "node:fs";

type Exact<T> = T extends number ? bigint : T extends object ? { [K in keyof T]: Exact<T[K]> } : T;

/** A vector file with every integer exact: some are beyond 2^53. The type is the file's, with bigints for its numbers. */
export function exactVectors<T>(name: string): Exact<T> {
  const text = readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8");
  const reviver = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" ? BigInt(context?.source as string) : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}
