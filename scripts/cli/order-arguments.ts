import { InvalidArgumentError } from "commander";
import type { WireMarket, WireOrderbook } from "../../matcher/protocol/api-wire.ts";
import { type Market, priceTicksFromUsd, usdFromPriceTicks } from "../../matcher/protocol/market.ts";
import type { SelfTrade, Side, TimeInForce } from "../../matcher/protocol/message.ts";
import type { OrderTerms } from "../../matcher/sdk/client.ts";
import { Refusal } from "../supervisor/refusal.ts";

/** Flags of an order on the command line. */
export interface OrderFlags {
  price?: string;
  slippagePpm: string;
  timeInForce?: TimeInForce;
  postOnly?: boolean;
  reduceOnly?: boolean;
  selfTrade?: SelfTrade;
  clientId?: string;
  ttlSeconds?: string;
}

const MILLION = 1_000_000n;

/** @throws InvalidArgumentError for anything but buy and sell */
export function sideArgument(text: string): Side {
  if (text === "buy" || text === "sell") return text;
  throw new InvalidArgumentError('it is "buy" or "sell".');
}

/**
 * The worst price that a market order may fill at: so far beyond the best opposite one, rounded to the step towards it, and inside what
 * can be proven in this epoch.
 * @throws Refusal when there is nobody to trade with
 */
export function protectionPrice(
  market: Market,
  { priceStep, priceMin, priceMax }: Pick<WireMarket, "priceStep" | "priceMin" | "priceMax">,
  side: Side,
  book: WireOrderbook,
  slippagePpm: bigint,
): string {
  const [best] = side === "buy" ? book.asks : book.bids;
  if (best === undefined)
    throw new Refusal(
      `There is no ${side === "buy" ? "offer" : "bid"} in ${market.symbol}: give a --price to wait at.`,
    );
  const ticksOf = (usd: string) => BigInt(priceTicksFromUsd(market, usd));
  const bestTicks = ticksOf(best[0]);
  const stepTicks = ticksOf(priceStep);
  const roomTicks = ((bestTicks * slippagePpm) / MILLION / stepTicks) * stepTicks;
  if (side === "buy") {
    const worst = bestTicks + roomTicks;
    return priceMax !== null && worst > ticksOf(priceMax) ? priceMax : usdFromPriceTicks(market, worst);
  }
  const worst = bestTicks - roomTicks;
  return priceMin !== null && worst < ticksOf(priceMin) ? priceMin : usdFromPriceTicks(market, worst);
}

/** Terms of an order as flags say it: without --price it takes what there is and never rests. */
export function orderTerms(market: string, side: Side, size: string, price: string, flags: OrderFlags): OrderTerms {
  const { timeInForce, postOnly, reduceOnly, selfTrade, clientId, ttlSeconds } = flags;
  return {
    market,
    side,
    size,
    price,
    timeInForce: timeInForce ?? (flags.price === undefined ? "IOC" : "GTT"),
    ...(postOnly === undefined ? {} : { postOnly }),
    ...(reduceOnly === undefined ? {} : { reduceOnly }),
    ...(selfTrade === undefined ? {} : { selfTrade }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds: Number(ttlSeconds) }),
  };
}
