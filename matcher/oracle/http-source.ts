import type { Market } from "../protocol/market.ts";
import { nearestTicksOfText } from "./nearest-ticks.ts";
import type { PriceSource, SourceAnswer } from "./price-source.ts";

const ANSWER_LIMIT_MS = 4_000;
const BODY_LIMIT_BYTES = 1 << 20;

export interface HttpSourceOptions {
  /** Answers with JSON. */
  readonly url: string;
  /** Where in the answer each market's price in USD stands: names and indices joined by dots. */
  readonly paths: readonly { readonly market: Market; readonly path: string }[];
  /** Where the time of the prices stands, seconds since 1970; without it they are of the moment of asking. */
  readonly timePath?: string;
  /** How long the whole answer is waited for; 4,000 unless told otherwise. */
  readonly answerLimitMs?: number;
}

/** A number as it was written: a double would round it. */
class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type WithSource = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

function parseExactly(text: string): unknown {
  const revive: WithSource = (_key, value, context) =>
    typeof value === "number" ? new NumberText(context?.source ?? String(value)) : value;
  return JSON.parse(text, revive as (this: unknown, key: string, value: unknown) => unknown);
}

/** What stands at a path; own properties only. */
function at(body: unknown, path: string): unknown {
  let found = body;
  for (const key of path.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

function textAt(body: unknown, path: string): string | undefined {
  const found = at(body, path);
  if (found instanceof NumberText) return found.text;
  return typeof found === "string" ? found : undefined;
}

/** @returns undefined for more than is read */
async function textOf(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > BODY_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Reads prices from a server's JSON. Redirects are not followed, long answers not read. */
export class HttpSource implements PriceSource {
  readonly name = "http";
  readonly #options: HttpSourceOptions;

  constructor(options: HttpSourceOptions) {
    this.#options = options;
  }

  /** @throws (rejects) Error in a sentence when there is no usable answer at all */
  async pricesAt(timeSeconds: number): Promise<(SourceAnswer | undefined)[]> {
    const { paths, timePath } = this.#options;
    const body = await this.#body();
    let ofSeconds = timeSeconds;
    if (timePath !== undefined) {
      const text = textAt(body, timePath);
      if (text === undefined || !/^\d{1,10}$/.test(text)) throw new Error(`${timePath} of the answer is no time`);
      ofSeconds = Number(text);
    }
    const answers: (SourceAnswer | undefined)[] = [];
    for (const { market, path } of paths) {
      const text = textAt(body, path);
      answers[market.index] =
        text === undefined
          ? { reason: `the answer has no number at ${path}` }
          : nearestTicksOfText(market, text, ofSeconds);
    }
    return answers;
  }

  async #body(): Promise<unknown> {
    const { url, answerLimitMs = ANSWER_LIMIT_MS } = this.#options;
    const signal = AbortSignal.timeout(answerLimitMs);
    const unanswered = (error: Error): never => {
      // What went wrong stands in the cause: the message is always the same.
      const { message } = error.cause instanceof Error ? error.cause : error;
      throw new Error(`${url} gives no answer: ${message}`);
    };
    const response = await fetch(url, { redirect: "error", signal }).catch(unanswered);
    if (!response.ok) throw new Error(`${url} answers with status ${response.status}`);
    const text = await textOf(response).catch(unanswered);
    if (text === undefined) throw new Error(`${url} answers with more than ${BODY_LIMIT_BYTES} bytes`);
    try {
      return parseExactly(text);
    } catch {
      throw new Error(`${url} answers with something that is no JSON`);
    }
  }
}
