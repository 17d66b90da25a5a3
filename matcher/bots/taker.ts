import type { WireAccount, WireMarket } from "../protocol/api-wire.ts";
import { picoUsdFromUsd } from "../protocol/decimal.ts";
import { baseFromLots, type Market, priceTicksFromUsd, usdFromPriceTicks } from "../protocol/market.ts";
import type { Side } from "../protocol/message.ts";
import type { ClearbookClient } from "../sdk/client.ts";
import { ClearbookError } from "../sdk/http.ts";
import type { Dice } from "./dice.ts";
import { signedLots } from "./market-maker.ts";
import { paceOf } from "./pace.ts";

export interface TakerOptions {
  /** Largest order as a share of the equity, at the index. */
  orderPercent: number;
  /** Largest position as a share of the equity, per market. */
  positionPercent: number;
  /** How much worse than the best price an order may fill. */
  protectionPpm: number;
  /** One turn in so many trades while the provers are behind. */
  easeOneIn: number;
}

export const DEFAULT_TAKER: TakerOptions = {
  orderPercent: 10,
  positionPercent: 100,
  protectionPpm: 2_000,
  easeOneIn: 4,
};

const PPM = 1_000_000;
/** Well below the exchange's bound: what waits for proofs is also what waits to be final. */
const PACE = { easePercent: 10, stopPercent: 25 };
/** The world moved between looking and sending. */
const MISSED: ReadonlySet<string> = new Set([
  "INSUFFICIENT_INITIAL_MARGIN",
  "LIQUIDATABLE",
  "OPEN_INTEREST_CAP",
  "OUTSIDE_PRICE_BAND",
]);

/** Demand that walks at random: now and then an IOC order for a random size, leaning back when a position grows large. */
export class Taker {
  private readonly client: ClearbookClient;
  private readonly dice: Dice;
  private readonly options: TakerOptions;
  private readonly say: (line: string) => void;
  filledCount = 0;

  constructor(
    client: ClearbookClient,
    dice: Dice,
    options: Partial<TakerOptions> = {},
    say: (line: string) => void = () => {},
  ) {
    this.client = client;
    this.dice = dice;
    this.options = { ...DEFAULT_TAKER, ...options };
    this.say = say;
  }

  /** One look at the world, and at most one order. @throws ClearbookError, Unreachable */
  async turn(): Promise<void> {
    const [status, markets] = await Promise.all([this.client.status(), this.client.marketStates()]);
    const pace = paceOf(status, PACE);
    if (pace === "stop" || (pace === "ease" && this.dice.below(this.options.easeOneIn) !== 0)) return;
    const tradable = markets.filter(
      ({ status, bestBid, bestAsk }) => status === "live" && bestBid !== null && bestAsk !== null,
    );
    if (tradable.length === 0) return;
    const state = this.dice.pick(tradable);
    await this.trade(state, await this.client.state());
  }

  private async trade(state: WireMarket, account: WireAccount): Promise<void> {
    const market = this.client.market(state.symbol);
    const equityMicroUsd = Number(picoUsdFromUsd(account.equity) / 1_000_000n);
    const indexTicks = priceTicksFromUsd(market, state.indexPrice as string);
    const position = account.positions.find(({ market }) => market === state.symbol);
    const positionLots = position === undefined ? 0 : signedLots(market, position.size);
    const positionMaxLots = Math.max(1, Math.floor((equityMicroUsd * this.options.positionPercent) / 100 / indexTicks));
    const orderMaxLots = Math.floor((equityMicroUsd * this.options.orderPercent) / 100 / indexTicks);
    if (orderMaxLots < 1) return;
    // 1. A coin that is loaded against the position.
    const lean = Math.max(-40, Math.min(40, Math.round((positionLots / positionMaxLots) * 40)));
    const side: Side = this.dice.below(100) < 50 - lean ? "buy" : "sell";
    const quantityLots = this.dice.between(Math.max(1, Math.floor(orderMaxLots / 20)), orderMaxLots);
    // 2. The protection price: a little beyond the best one, inside the provable band.
    const priceTicks = protectedTicks(market, state, side, this.options.protectionPpm);
    if (priceTicks === null) return;
    try {
      const { fills } = await this.client.place({
        market: state.symbol,
        side,
        price: usdFromPriceTicks(market, priceTicks),
        size: baseFromLots(market, quantityLots),
        timeInForce: "IOC",
        ttlSeconds: 600,
      });
      this.filledCount += fills.length;
      for (const fill of fills)
        this.say(`${side === "buy" ? "bought" : "sold"} ${fill.size} ${state.symbol} at ${fill.price}`);
    } catch (error) {
      if (!(error instanceof ClearbookError) || !MISSED.has(error.code)) throw error;
    }
  }
}

/** Worst price that an order takes, or null when the other side is empty. */
export function protectedTicks(market: Market, state: WireMarket, side: Side, protectionPpm: number): number | null {
  const best = side === "buy" ? state.bestAsk : state.bestBid;
  if (best === null || state.priceMin === null || state.priceMax === null) return null;
  const bestTicks = priceTicksFromUsd(market, best);
  const roomTicks = Math.max(1, Math.floor((bestTicks * protectionPpm) / PPM));
  const worstTicks = side === "buy" ? bestTicks + roomTicks : bestTicks - roomTicks;
  const minTicks = priceTicksFromUsd(market, state.priceMin);
  const maxTicks = priceTicksFromUsd(market, state.priceMax);
  return Math.min(maxTicks, Math.max(minTicks, worstTicks));
}
