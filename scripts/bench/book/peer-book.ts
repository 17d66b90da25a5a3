import { type LimitOrderOptions, OrderBook, SelfTradePreventionMode, type Side } from "nodejs-order-book";
import type { FlowCommand } from "./book-flow.ts";

/** A command in the peer's words, written before the clock starts. */
export type PeerCommand =
  | { readonly market: number; readonly order: LimitOrderOptions }
  | { readonly market: number; readonly cancelId: string };

export const PEER_NAME = "nodejs-order-book";

/** Best first: price and total size of each level. */
export interface PeerDepth {
  readonly bids: readonly [priceTicks: number, quantityLots: number][];
  readonly asks: readonly [priceTicks: number, quantityLots: number][];
}

/** nodejs-order-book with a book for each market, its self-trade prevention set as ours is. */
export class PeerBooks {
  private readonly books: OrderBook[];

  constructor(markets: number) {
    this.books = Array.from({ length: markets }, () => new OrderBook());
  }

  apply(command: PeerCommand): void {
    const book = this.books[command.market] as OrderBook;
    if ("order" in command) book.limit(command.order);
    else book.cancel(command.cancelId);
  }

  depth(market: number): PeerDepth {
    const [asks, bids] = (this.books[market] as OrderBook).depth();
    const bestFirst = (direction: number) => (a: [number, number], b: [number, number]) => direction * (a[0] - b[0]);
    return { bids: bids.toSorted(bestFirst(-1)), asks: asks.toSorted(bestFirst(1)) };
  }
}

export function peerCommand(command: FlowCommand): PeerCommand {
  if (command.kind === "cancel") {
    const { account, slot, sequence, market } = command;
    return { market, cancelId: `${account}/${slot}/${sequence}` };
  }
  const { account, slot, sequence, market, side, quantityLots, limitPriceTicks, timeInForce } = command.order;
  const order = {
    id: `${account}/${slot}/${sequence}`,
    accountId: String(account),
    side: side as Side,
    size: quantityLots,
    price: limitPriceTicks,
    timeInForce: (timeInForce === "IOC" ? "IOC" : "GTC") as NonNullable<LimitOrderOptions["timeInForce"]>,
    stpMode: SelfTradePreventionMode.EXPIRE_MAKER,
  };
  return { market, order };
}
