import { readFileSync, writeFileSync } from "node:fs";
import { type WireDigests, wireWord, wordFromWire } from "../../matcher/protocol/receipt-wire.ts";
import { Refusal } from "../supervisor/refusal.ts";
import type { DigestList } from "./journal-chain.ts";

const ANSWER_LIMIT_MS = 20_000;
const PAGE = 5_000;

async function page(api: string, from: number): Promise<WireDigests | null> {
  let response: Response;
  const url = new URL(`/v1/journal/digests?from=${from}&limit=${PAGE}`, api);
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  } catch {
    return null;
  }
  const text = await response.text();
  if (!response.ok)
    throw new Refusal(`The exchange at ${api} answers ${url.pathname} with ${response.status}: ${text}`);
  try {
    return JSON.parse(text) as WireDigests;
  } catch {
    throw new Refusal(`The exchange at ${api} answers ${url.pathname} with something that is not JSON.`);
  }
}

function listFrom({ from, previousHead, digests }: WireDigests): DigestList {
  if (!Number.isSafeInteger(from) || !Array.isArray(digests)) throw new RangeError("no digests");
  return { firstCommand: from, previousHead: wordFromWire(previousHead), digests: digests.map(wordFromWire) };
}

/** All digests that are served. @returns null when nobody answers. @throws Refusal when they are in no known shape */
export async function readServedDigests(api: string): Promise<DigestList | null> {
  const first = await page(api, 1);
  if (first === null) return null;
  try {
    const { firstCommand, previousHead, digests } = listFrom(first);
    const all = [...digests];
    // What comes while we read is for the next time.
    for (let from = firstCommand + all.length; from <= first.lastCommand; from = firstCommand + all.length) {
      const next = await page(api, from);
      if (next === null) return null;
      const list = listFrom(next);
      if (list.firstCommand !== from || list.digests.length === 0) throw new RangeError(`a gap at command ${from}`);
      for (const digest of list.digests) all.push(digest);
    }
    return { firstCommand, previousHead, digests: all };
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new Refusal(`The exchange at ${api} serves digests in no known shape: ${error.message}.`);
  }
}

/** Digests that somebody saved. @throws Refusal when the file cannot be used */
export function readSavedDigests(path: string): DigestList {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Refusal(`The digests ${path} cannot be read.`);
  }
  try {
    return listFrom(JSON.parse(text) as WireDigests);
  } catch {
    throw new Refusal(`${path} holds no digests in a known shape.`);
  }
}

/** Writes digests as {@link readSavedDigests} reads them. */
export function saveDigests(path: string, { firstCommand, previousHead, digests }: DigestList): void {
  const saved = { from: firstCommand, previousHead: wireWord(previousHead), digests: digests.map(wireWord) };
  writeFileSync(path, `${JSON.stringify(saved)}\n`);
}
