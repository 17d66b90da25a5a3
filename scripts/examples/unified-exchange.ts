import type { OrderTerms } from "../../matcher/sdk/client.ts";
import { ClearbookClient } from "../../matcher/sdk/client.ts";

/** Clearbook under the method names that ccxt gives every exchange, for strategies that were written against those. */
export class UnifiedExchange {
  private readonly client: ClearbookClient;

  constructor(client: ClearbookClient) {
    this.client = client;
  }

  static async connect(...options: Parameters<typeof ClearbookClient.connect>): Promise<UnifiedExchange> {
    return new UnifiedExchange(await ClearbookClient.connect(...options));
  }

  fetchMarkets = async () =>
    (await this.client.marketStates()).map((info) => ({ symbol: info.symbol, active: info.status === "live", info }));

  async fetchTicker(symbol: string) {
    const info = await this.client.ticker(symbol);
    const { lastPrice: last, bidPrice: bid, askPrice: ask, highPrice: high, lowPrice: low, atMs: timestamp } = info;
    return {
      symbol,
      last: number(last),
      bid: number(bid),
      ask: number(ask),
      high: number(high),
      low: number(low),
      timestamp,
      info,
    };
  }

  async fetchOrderBook(symbol: string, limit?: number) {
    const { bids, asks, seq: nonce, atMs: timestamp } = await this.client.orderbook(symbol, limit);
    const level = ([price, size]: readonly [string, string, ...unknown[]]) => [Number(price), Number(size)];
    return { symbol, bids: bids.map(level), asks: asks.map(level), nonce, timestamp };
  }

  async fetchBalance() {
    const { equity, freeCollateral, balance } = await this.client.state();
    return { USD: { total: Number(equity), free: Number(freeCollateral) }, info: balance };
  }

  async createOrder(
    symbol: string,
    type: "limit" | "market",
    side: "buy" | "sell",
    amount: string,
    price: string,
    params: Partial<OrderTerms> = {},
  ) {
    // A market order is one that takes what there is, no worse than a price: that is what the trader signs.
    const timeInForce = type === "market" ? "IOC" : "GTT";
    const { order } = await this.client.place({ market: symbol, side, size: amount, price, timeInForce, ...params });
    return unified(order);
  }

  cancelOrder = async (id: string) => (await this.client.cancelByName({ id })).orders.map(unified)[0];
  fetchOpenOrders = async () => (await this.client.orders("open")).map(unified);
  fetchMyTrades = async (limit?: number) => this.client.fills(limit);
}

const number = (text: string | null) => (text === null ? undefined : Number(text));

function unified(order: Awaited<ReturnType<ClearbookClient["orders"]>>[number]) {
  const { id, clientId, market: symbol, side, status, reason } = order;
  const [price, amount, filled, remaining] = [order.price, order.size, order.filledSize, order.remainingSize].map(
    Number,
  );
  const state = status === "open" ? "open" : reason === "filled" ? "closed" : "canceled";
  return { id, clientOrderId: clientId, symbol, side, price, amount, filled, remaining, status: state, info: order };
}
