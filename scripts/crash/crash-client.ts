import type { MarketRules } from "../../matcher/book/book-rules.ts";
import type { WireOrderRequest } from "../../matcher/protocol/api-wire.ts";
import { DEVNET_BOOK_RULES } from "../../matcher/protocol/devnet-markets.ts";
import type { Market } from "../../matcher/protocol/market.ts";
import { REVISIONS } from "../../matcher/protocol/message.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import { type Signing, signedOrder } from "./signed-order.ts";

export interface CrashClientOptions {
  readonly account: number;
  readonly signing: Signing;
  readonly market: Market;
  readonly told: Acknowledgements;
  /** A whole number below n. */
  readonly roll: (n: number) => number;
}

/** The market as the client sees it in one life of the exchange. */
export interface Surroundings {
  readonly apiUrl: string;
  readonly priceTicks: number;
  readonly expirySeconds: number;
}

const SLOTS = 48;
const TICKS_AROUND = 40;
/** Above the least notional. */
const LOTS_MIN = 200;
const LOTS_MAX = 50;
/** Refusals that say: this very order was accepted before. */
const DONE_BEFORE = new Set(["DUPLICATE_CLIENT_ID", "DUPLICATE_SEQUENCE", "STALE_SEQUENCE"]);

/**
 * One trader who sends order after order, each when the one before is answered. What was not answered it sends again after the restart,
 * to the letter: whatever became of it the first time, it must act once.
 */
export class CrashClient {
  readonly #options: CrashClientOptions;
  #number = 0;
  #unanswered: WireOrderRequest | undefined;
  /** Orders refused for another reason than having been there before. */
  refused = 0;
  retried = 0;

  constructor(options: CrashClientOptions) {
    this.#options = options;
  }

  /** Sends orders until the exchange does not answer any more. */
  async trade(surroundings: Surroundings, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const isRetry = this.#unanswered !== undefined;
      this.#unanswered ??= this.#next(surroundings);
      const answer = await post(`${surroundings.apiUrl}/v1/orders`, this.#unanswered);
      if (answer === undefined) return;
      if (answer.status === 503) return;
      if (answer.status === 200 || (isRetry && DONE_BEFORE.has(answer.code))) this.#options.told.note(this.#unanswered);
      else this.refused += 1;
      if (isRetry) this.retried += 1;
      this.#unanswered = undefined;
    }
  }

  #next({ priceTicks, expirySeconds }: Surroundings): WireOrderRequest {
    const { account, signing, market, roll } = this.#options;
    this.#number += 1;
    const { priceStepTicks, quantityMinLots, quantityStepLots } = DEVNET_BOOK_RULES.markets[
      market.index
    ] as MarketRules;
    const ticks = priceTicks + roll(2 * TICKS_AROUND + 1) - TICKS_AROUND;
    const message = {
      kind: "order",
      account,
      market: market.index,
      side: roll(2) === 0 ? "buy" : "sell",
      keepFilled: false,
      reduceOnly: false,
      postOnly: false,
      timeInForce: "GTT",
      selfTrade: "expire-maker",
      slot: this.#number % SLOTS,
      sequence: this.#number * REVISIONS,
      expirySeconds,
      maxFeePpm: 1_000,
      limitPriceTicks: ticks - (ticks % priceStepTicks),
      quantityLots: quantityMinLots + quantityStepLots * (LOTS_MIN + roll(LOTS_MAX)),
    } as const;
    return signedOrder(message, market, signing, `c${this.#number}`);
  }
}

/** undefined when nobody answered, or not to the end. */
async function post(url: string, body: unknown): Promise<{ status: number; code: string } | undefined> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
      signal: AbortSignal.timeout(10_000),
    });
    const answer = (await response.json()) as { code?: string };
    return { status: response.status, code: answer.code ?? "" };
  } catch {
    return undefined;
  }
}
