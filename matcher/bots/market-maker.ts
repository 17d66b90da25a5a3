import type { WireMarket, WireOrder } from "../protocol/api-wire.ts";
import { microUsdFromUsd, picoUsdFromUsd } from "../protocol/decimal.ts";
import {
  baseFromLots,
  type Market,
  priceTicksFromUsd,
  quantityLotsFromBase,
  usdFromPriceTicks,
} from "../protocol/market.ts";
import type { ClearbookClient } from "../sdk/client.ts";
import { ClearbookError } from "../sdk/http.ts";
import { ladder, type Quote } from "./ladder.ts";
import { paceOf } from "./pace.ts";

export interface MarketMakerOptions {
  levels: number;
  stepPpm: number;
  skewPpm: number;
  /** Share of the equity that all quotes of one side may use as margin, all markets together. */
  marginUsePercent: number;
  /** A resting quote is left alone while its price is off by less. */
  requotePpm: number;
}

export const DEFAULT_MARKET_MAKER: MarketMakerOptions = {
  levels: 3,
  stepPpm: 300,
  skewPpm: 600,
  marginUsePercent: 20,
  requotePpm: 80,
};

const PPM = 1_000_000;
const PACE = { easePercent: 60, stopPercent: 85 };
/** Refusals that concern one quote only: the others go on. */
const QUOTE_REFUSALS: ReadonlySet<string> = new Set([
  "POST_ONLY_WOULD_CROSS",
  "INSUFFICIENT_INITIAL_MARGIN",
  "LIQUIDATABLE",
  "OPEN_INTEREST_CAP",
  "OUTSIDE_PRICE_BAND",
  "UNKNOWN_MARKET",
]);

/** Quotes a ladder on both sides of every live market, sized to its margin, each quote on a slot of its own that it replaces. */
export class MarketMaker {
  private readonly client: ClearbookClient;
  private readonly options: MarketMakerOptions;
  private readonly say: (line: string) => void;
  /** Slot of each quote, by market, side and level. */
  private readonly slots = new Map<string, number>();
  private lastSummaryMs = Number.NEGATIVE_INFINITY;
  private started = false;
  replacedCount = 0;

  constructor(
    client: ClearbookClient,
    options: Partial<MarketMakerOptions> = {},
    say: (line: string) => void = () => {},
  ) {
    this.client = client;
    this.options = { ...DEFAULT_MARKET_MAKER, ...options };
    this.say = say;
  }

  /** One look at the world, and what it leads to. @throws ClearbookError, Unreachable */
  async turn(): Promise<void> {
    const [status, account, markets] = await Promise.all([
      this.client.status(),
      this.client.state(),
      this.client.marketStates(),
    ]);
    const pace = paceOf(status, PACE);
    if (pace === "stop") return;
    // Quotes of an earlier run stand on slots that this one knows nothing of.
    if (!this.started && (await this.client.orders()).length > 0) await this.client.cancelAll();
    this.started = true;
    const open = new Map((await this.client.orders()).map((order) => [order.slot, order]));
    const live = markets.filter(({ status }) => status === "live");
    const equityMicroUsd = Number(picoUsdFromUsd(account.equity) / 1_000_000n);
    for (const state of live) {
      const market = this.client.market(state.symbol);
      const position = account.positions.find(({ market }) => market === state.symbol);
      const positionLots = position === undefined ? 0 : signedLots(market, position.size);
      // Margin per market and side, as notional at the initial margin fraction; less of it while the provers are behind.
      const share = (equityMicroUsd * this.options.marginUsePercent) / 100 / live.length / (pace === "ease" ? 2 : 1);
      const notional = (share * PPM) / Math.max(1, state.imfPpm);
      const terms = {
        ...this.options,
        levelMicroUsd: notional / this.options.levels,
        positionMaxMicroUsd: notional * 2,
      };
      await this.quote(market, state, ladder(market, state, terms, positionLots), open);
    }
    this.summarize(status.unprovenRows, account.equity, open.size);
  }

  /** Takes all quotes out, as a promise: nothing to prove. */
  async stop(): Promise<void> {
    await this.client.cancelAll();
  }

  private async quote(
    market: Market,
    state: WireMarket,
    quotes: readonly Quote[],
    open: ReadonlyMap<number, WireOrder>,
  ): Promise<void> {
    const wanted = new Set<string>();
    const work: { outward: boolean; run: () => Promise<void> }[] = [];
    for (const quote of quotes) {
      const name = `${state.symbol}/${quote.side}/${quote.level}`;
      wanted.add(name);
      const slot = this.slots.get(name) ?? this.client.slots.acquire();
      this.slots.set(name, slot);
      const resting = open.get(slot);
      if (resting !== undefined && this.isNear(market, resting, quote)) continue;
      work.push({ outward: isOutward(market, resting, quote), run: () => this.replace(market, slot, quote) });
    }
    for (const [name, slot] of this.slots) {
      const resting = open.get(slot);
      if (!name.startsWith(`${state.symbol}/`) || wanted.has(name) || resting === undefined) continue;
      work.push({ outward: true, run: () => this.client.cancel(resting).then(() => this.client.slots.hold(slot)) });
    }
    // What moves away from the middle goes first, so that a ladder never meets itself.
    work.sort((a, b) => Number(b.outward) - Number(a.outward));
    for (const { run } of work) await this.tolerate(run);
  }

  private async replace(market: Market, slot: number, { side, priceTicks, quantityLots }: Quote): Promise<void> {
    await this.client.replace(slot, {
      market: market.symbol,
      side,
      price: usdFromPriceTicks(market, priceTicks),
      size: baseFromLots(market, quantityLots),
      postOnly: true,
      ttlSeconds: 3_600,
    });
    this.replacedCount += 1;
  }

  private async tolerate(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof ClearbookError) || !(QUOTE_REFUSALS.has(error.code) || error.code === "ORDER_NOT_FOUND"))
        throw error;
    }
  }

  private isNear(market: Market, resting: WireOrder, { priceTicks, quantityLots }: Quote): boolean {
    const restingTicks = priceTicksFromUsd(market, resting.price);
    const near = Math.abs(restingTicks - priceTicks) * PPM <= priceTicks * this.options.requotePpm;
    // Half filled is worth a new quote.
    return near && quantityLotsFromBase(market, resting.remainingSize) * 2 >= quantityLots;
  }

  private summarize(unprovenRows: number, equity: string, open: number): void {
    const nowMs = performance.now();
    if (nowMs - this.lastSummaryMs < 10_000) return;
    this.lastSummaryMs = nowMs;
    const usd = (Number(microUsdFromUsd(truncated(equity))) / PPM).toFixed(2);
    this.say(
      `quotes ${open} orders, ${this.replacedCount} replaced so far, equity ${usd} USD, ${unprovenRows} rows unproven`,
    );
  }
}

/** Whether a quote makes room for the other side. */
function isOutward(market: Market, resting: WireOrder | undefined, { side, priceTicks }: Quote): boolean {
  if (resting === undefined) return false;
  const movedTicks = priceTicks - priceTicksFromUsd(market, resting.price);
  return side === "buy" ? movedTicks < 0 : movedTicks > 0;
}

/** Signed lots of a position's size. */
export function signedLots(market: Market, size: string): number {
  const lots = quantityLotsFromBase(market, size.replace("-", ""));
  return size.startsWith("-") ? -lots : lots;
}

/** A decimal with at most six places, for display. */
function truncated(usd: string): string {
  return usd.replace(/(\.\d{6})\d+$/, "$1");
}
