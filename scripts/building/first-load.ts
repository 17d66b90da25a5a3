import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What a visitor's browser loads before everything can be read and clicked, and what comes only when it is wanted. */
export interface PageWeight {
  /** Document, what it names, and the chart: bytes, gzipped. */
  readonly firstBytes: number;
  /** Wallet and signing, the status page: bytes, gzipped. */
  readonly laterBytes: number;
}

/** @param folder of a built page (build-page.ts) */
export function pageWeight(folder: string): PageWeight {
  const index = readFileSync(join(folder, "index.html"), "utf8");
  const named = [...index.matchAll(/\/assets\/([\w.-]+)/g)].map(([, name]) => name as string);
  let firstBytes = 0;
  let laterBytes = 0;
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".gz")) continue;
    const file = name.slice(0, -".gz".length);
    const isFirst = file === "index.html" || named.includes(file) || file.startsWith("candle-chart-");
    const { size } = statSync(join(folder, name));
    if (isFirst) firstBytes += size;
    else laterBytes += size;
  }
  return { firstBytes, laterBytes };
}
