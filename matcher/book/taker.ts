import type { SelfTrade, Side } from "../protocol/message.ts";
import type { FillGate, ProposedFill } from "./fill-gate.ts";
import { type BookOrder, bookSide, reducibleLots, termsKeepFilled } from "./order.ts";
import type { OrderPool } from "./order-pool.ts";

/** Slot of a taker that is no order: a liquidation or a forced exit. */
export const NO_SLOT = -1;

/** A liquidation or forced exit: a taker without order, slot or signature. It never rests. */
export interface ForcedOrder {
  readonly account: number;
  readonly market: number;
  readonly side: Side;
  readonly quantityLots: number;
  /** Worst price that the rule allows. */
  readonly limitPriceTicks: number;
}

/** The incoming side of a match while it matches. */
export interface Taker {
  account: number;
  slot: number;
  sequence: number;
  market: number;
  side: Side;
  /** Side of the book it takes from. */
  oppositeSide: number;
  priceTicks: number;
  remainingLots: number;
  filledLots: number;
  reduceOnly: boolean;
  keepFilled: boolean;
  selfTrade: SelfTrade;
  liquidation: boolean;
  exit: boolean;
}

/** A blank taker to be reused. */
export function newTaker(): Taker {
  return {
    account: 0,
    slot: NO_SLOT,
    sequence: 0,
    market: 0,
    side: "buy",
    oppositeSide: 0,
    priceTicks: 0,
    remainingLots: 0,
    filledLots: 0,
    reduceOnly: false,
    keepFilled: false,
    selfTrade: "expire-maker",
    liquidation: false,
    exit: false,
  };
}

/** Writes an order into a taker. */
export function takeOrder(taker: Taker, order: BookOrder, filledLots: number, remainingLots: number): void {
  taker.account = order.account;
  taker.slot = order.slot;
  taker.sequence = order.sequence;
  taker.market = order.market;
  taker.side = order.side;
  taker.oppositeSide = bookSide(order.market, order.side) ^ 1;
  taker.priceTicks = order.limitPriceTicks;
  taker.remainingLots = remainingLots;
  taker.filledLots = filledLots;
  taker.reduceOnly = order.reduceOnly;
  taker.keepFilled = order.keepFilled;
  taker.selfTrade = order.selfTrade;
  taker.liquidation = false;
  taker.exit = false;
}

/** The account's own orders are cancelled where they are in the way. @param exit a forced exit, else a liquidation */
export function forcedTaker(order: ForcedOrder, exit: boolean): Taker {
  return {
    account: order.account,
    slot: NO_SLOT,
    sequence: 0,
    market: order.market,
    side: order.side,
    oppositeSide: bookSide(order.market, order.side) ^ 1,
    priceTicks: order.limitPriceTicks,
    remainingLots: order.quantityLots,
    filledLots: 0,
    reduceOnly: true,
    keepFilled: false,
    selfTrade: "expire-maker",
    liquidation: !exit,
    exit,
  };
}

/** Whether a maker's price is acceptable to the taker. */
export function crosses(taker: Taker, makerPriceTicks: number): boolean {
  return taker.side === "buy" ? makerPriceTicks <= taker.priceTicks : makerPriceTicks >= taker.priceTicks;
}

/** How much a reduce-only taker may still fill now. */
export function takerRoomLots(taker: Taker, gate: FillGate): number {
  return reducibleLots(gate.positionLots(taker.account, taker.market), taker.side);
}

/** A blank fill to be reused. */
export function newProposedFill(): ProposedFill {
  return {
    market: 0,
    priceTicks: 0,
    quantityLots: 0,
    takerSide: "buy",
    makerAccount: 0,
    makerSlot: 0,
    makerSequence: 0,
    makerKeepFilled: false,
    takerAccount: 0,
    takerSlot: 0,
    takerSequence: 0,
    takerKeepFilled: false,
    liquidation: false,
    exit: false,
  };
}

/** Writes a fill of this taker with this maker, at the maker's price. */
export function proposeFill(
  fill: ProposedFill,
  taker: Taker,
  pool: OrderPool,
  maker: number,
  quantityLots: number,
): void {
  fill.market = taker.market;
  fill.priceTicks = pool.priceTicks(maker);
  fill.quantityLots = quantityLots;
  fill.takerSide = taker.side;
  fill.makerAccount = pool.account(maker);
  fill.makerSlot = pool.slot(maker);
  fill.makerSequence = pool.sequence(maker);
  fill.makerKeepFilled = termsKeepFilled(pool.terms(maker));
  fill.takerAccount = taker.account;
  fill.takerSlot = taker.slot;
  fill.takerSequence = taker.sequence;
  fill.takerKeepFilled = taker.keepFilled;
  fill.liquidation = taker.liquidation;
  fill.exit = taker.exit;
}
