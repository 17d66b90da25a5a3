import type { WireMarket, WirePlaced } from "../protocol/api-wire.ts";
import type { ConditionalGroup, ConditionalLeg } from "../protocol/conditional.ts";
import { slicingFromWire, triggerFromWire } from "../protocol/conditional-terms.ts";
import type {
  WireCancelAt,
  WireConditionalLegRequest,
  WireConditionalOrder,
  WireConditionalOrders,
  WireConditionalPlaced,
  WireConditionalRequest,
  WireTrigger,
  WireTwap,
} from "../protocol/conditional-wire.ts";
import type { WirePosition } from "../protocol/margin-wire.ts";
import type { Market } from "../protocol/market.ts";
import type { OrderMessage, Side } from "../protocol/message.ts";
import type {
  BracketTerms,
  CloseTerms,
  ConditionalTerms,
  TrailingDistance,
  TriggerTerms,
} from "./conditional-terms.ts";
import { ClearbookError, type Http } from "./http.ts";
import type { OrderSigner } from "./order-signer.ts";
import type { OrderName, OrderTerms } from "./order-terms.ts";
import type { Receipts } from "./receipts.ts";
import { type LadderTerms, scaleLadder } from "./scale-ladder.ts";
import type { Session } from "./session.ts";
import type { SlotAllocator } from "./slot-allocator.ts";
import { worstPriceUsd } from "./worst-price.ts";

/** The client that trades, as far as conditional orders need it. */
export interface Trader {
  readonly account: number;
  market(symbol: string): Market;
  marketStates(): Promise<WireMarket[]>;
  positions(): Promise<WirePosition[]>;
  place(terms: OrderTerms): Promise<WirePlaced>;
  placeAll(list: readonly OrderTerms[]): Promise<(WirePlaced | ClearbookError)[]>;
}

export interface TraderParts {
  readonly http: Http;
  readonly session: Session;
  readonly signer: OrderSigner;
  readonly receipts: Receipts;
  readonly slots: SlotAllocator;
  /** Orders on slots of their own. */
  fresh(list: readonly OrderTerms[]): Promise<OrderMessage[]>;
  /** An order on the slot and sequence of another. */
  onSlot(terms: OrderTerms, name: OrderName): OrderMessage;
}

const DEFAULT_SLIPPAGE_PPM = 5_000;
const opposite = (side: Side): Side => (side === "buy" ? "sell" : "buy");

/** Places what is let in on conditions. Everything that can be executed is signed here and now: most lots, worst price, expiry. */
export class ConditionalTrader {
  readonly #trader: Trader;
  readonly #parts: TraderParts;
  /** Slots of the groups that are not over, as far as this client knows, by the group's number. */
  readonly #held = new Map<number, number[]>();

  constructor(trader: Trader, parts: TraderParts) {
    this.#trader = trader;
    this.#parts = parts;
  }

  /** Takes over orders that were placed before: no other order gets their slots. */
  adopt(orders: readonly WireConditionalOrder[]): void {
    for (const { group, slot } of orders) this.#hold(group, slot);
  }

  /**
   * Places orders that belong together: without an entry alternatives, of which one is executed; with one, the first is the entry and the
   * others live by its fills. Without an answer they are sent again, the same bytes: the exchange acts on them once.
   * @throws ClearbookError, Unreachable, DecimalError, RangeError for conditions that say too little or too much
   */
  async place(
    list: readonly ConditionalTerms[],
    { entry = false, clientId }: { entry?: boolean; clientId?: string | undefined } = {},
  ): Promise<WireConditionalPlaced> {
    const { signer, slots, receipts, http } = this.#parts;
    const orders = await this.#ordersOf(list, entry);
    const taken = new Set(orders.map(({ slot }) => slot));
    let body: WireConditionalRequest;
    let group: ConditionalGroup;
    try {
      const requests = orders.map((order, at): WireConditionalLegRequest => {
        const { trigger, iceberg, twap, ...terms } = list[at] as ConditionalTerms;
        const request = signer.orderRequest(order, terms);
        const conditions = {
          ...(trigger === undefined ? {} : { trigger }),
          ...(iceberg === undefined ? {} : { iceberg }),
          ...(twap === undefined ? {} : { twap }),
        };
        return { ...request, ...conditions };
      });
      const named = clientId === undefined ? {} : { clientId };
      const legs = orders.map((order, at) => this.#leg(order, requests[at] as WireConditionalLegRequest));
      group = { legs, hasEntry: entry, ...named };
      body = { account: this.#trader.account, orders: requests, ...(entry ? { entry } : {}), ...named };
    } catch (error) {
      for (const slot of taken) slots.release(slot);
      throw error;
    }
    const placed = await http
      .postUntilAnswered<WireConditionalPlaced>("/v1/conditional-orders", body)
      .catch((error: unknown) => {
        // Refused for certain. With no answer they may live, so that the slots stay taken.
        if (error instanceof ClearbookError && error.code !== "INTERNAL") for (const slot of taken) slots.release(slot);
        throw error;
      });
    for (const { slot } of placed.orders) taken.delete(slot);
    for (const slot of taken) slots.release(slot);
    this.adopt(placed.orders);
    this.#letGo(placed.orders);
    const [first] = body.orders as [WireConditionalLegRequest];
    const sent = { message: orders[0] as OrderMessage, signature: first.signature, conditional: group };
    if (placed.duplicate) await receipts.keepOwn(sent, placed.receipt);
    else await receipts.keep(sent, placed.receipt);
    return placed;
  }

  /** Sells, or buys back, when the index price falls, or rises, to a trigger. */
  placeStop(terms: TriggerTerms): Promise<WireConditionalPlaced> {
    return this.#placeExit(terms, { kind: "stop", price: terms.triggerPrice });
  }

  /** The same on the other side: when the price has come far enough. */
  placeTakeProfit(terms: TriggerTerms): Promise<WireConditionalPlaced> {
    return this.#placeExit(terms, { kind: "takeProfit", price: terms.triggerPrice });
  }

  /** A stop that follows the best price at a distance. What it can get at worst stays what is signed. */
  placeTrailingStop(terms: OrderTerms, distance: TrailingDistance): Promise<WireConditionalPlaced> {
    return this.#placeExit(terms, { kind: "trailing", ...distance });
  }

  /** Two orders of which one is executed: together they fill no more than the larger one, which is proven. */
  placeOco(first: ConditionalTerms, second: ConditionalTerms, clientId?: string): Promise<WireConditionalPlaced> {
    return this.place([first, second], { clientId });
  }

  /** An order, and one that lives by its fills. */
  placeOto(entry: ConditionalTerms, dependent: ConditionalTerms, clientId?: string): Promise<WireConditionalPlaced> {
    return this.place([entry, dependent], { entry: true, clientId });
  }

  /** An entry with a take-profit, a stop or both, which close what it has filled. @throws RangeError without either */
  placeBracket({ entry, takeProfitPrice, stopLoss, clientId }: BracketTerms): Promise<WireConditionalPlaced> {
    const { market, size, side, ttlSeconds, maxFeePpm } = entry;
    const kept = {
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
      ...(maxFeePpm === undefined ? {} : { maxFeePpm }),
    };
    const exit = { market, size, side: opposite(side), reduceOnly: true, ...kept } as const;
    const exits: ConditionalTerms[] = [];
    if (takeProfitPrice !== undefined) exits.push({ ...exit, price: takeProfitPrice });
    if (stopLoss !== undefined) {
      const trigger: WireTrigger = { kind: "stop", price: stopLoss.triggerPrice };
      exits.push({ ...exit, price: stopLoss.worstPrice, timeInForce: "IOC", trigger });
    }
    if (exits.length === 0) throw new RangeError("a bracket has a take-profit, a stop or both");
    return this.place([entry, ...exits], { entry: true, clientId });
  }

  /** Parts over time, none worse than the signed price. */
  placeTwap({ clientId, ...terms }: OrderTerms, twap: WireTwap): Promise<WireConditionalPlaced> {
    return this.place([{ ...terms, timeInForce: "IOC", twap }], { clientId });
  }

  /** An order that shows so much of itself at a time. */
  placeIceberg({ clientId, ...terms }: OrderTerms, shownSize: string): Promise<WireConditionalPlaced> {
    return this.place([{ ...terms, iceberg: { shownSize } }], { clientId });
  }

  /** A ladder of limit orders, in one request: see scale-ladder.ts. @throws as {@link Trader.placeAll} */
  async placeScale(
    terms: Omit<OrderTerms, "price" | "size" | "clientId">,
    ladder: LadderTerms,
  ): Promise<(WirePlaced | ClearbookError)[]> {
    const state = await this.#stateOf(terms.market);
    const steps = scaleLadder(this.#trader.market(terms.market), state, ladder);
    return this.#trader.placeAll(steps.map((step) => ({ ...terms, ...step })));
  }

  /**
   * Closes a position at once, as far as the book takes it. What is signed is its size of this moment: no more can be executed, whatever it has
   * grown to since.
   * @throws RangeError when there is none
   */
  async closePosition(market: string, { slippagePpm, clientId }: CloseTerms = {}): Promise<WirePlaced> {
    const position = (await this.#trader.positions()).find((one) => one.market === market);
    if (position === undefined) throw new RangeError(`there is no position in ${market}`);
    const isShort = position.size.startsWith("-");
    const side: Side = isShort ? "buy" : "sell";
    const state = await this.#stateOf(market);
    const price = worstPriceUsd(this.#trader.market(market), state, side, slippagePpm ?? DEFAULT_SLIPPAGE_PPM);
    const size = isShort ? position.size.slice(1) : position.size;
    const named = clientId === undefined ? {} : { clientId };
    return this.#trader.place({ market, side, size, price, timeInForce: "IOC", reduceOnly: true, ...named });
  }

  /** Conditional orders by status, newest first. Open ones also tell this client which of its slots are free again. */
  async orders(status: "open" | "closed" | "all" = "open"): Promise<WireConditionalOrder[]> {
    const known = [...this.#held.keys()];
    const query = { account: this.#trader.account, status };
    const { orders } = await this.#parts.session.get<WireConditionalOrders>("/v1/conditional-orders", query);
    if (status !== "open") return orders;
    const live = new Set(orders.map(({ group }) => group));
    // Only what was held before the question was asked can be known to be over.
    for (const group of known) if (!live.has(group)) this.#release(group);
    return orders;
  }

  /** Has an order cancelled at a time, conditional or not: a promise. @param atMs of the exchange's clock; null: not any more */
  cancelAt(name: { id: string } | { clientId: string }, atMs: number | null): Promise<WireCancelAt> {
    return this.#parts.session.post("/v1/cancel-at", { account: this.#trader.account, ...name, atMs });
  }

  #placeExit(terms: TriggerTerms | OrderTerms, trigger: WireTrigger): Promise<WireConditionalPlaced> {
    const { clientId, triggerPrice: _, ...order } = { triggerPrice: "", ...terms };
    const exit = { reduceOnly: true, timeInForce: "IOC", ...order, trigger } as const;
    return this.place([exit], { clientId });
  }

  async #stateOf(symbol: string): Promise<WireMarket> {
    const { index } = this.#trader.market(symbol);
    return (await this.#trader.marketStates()).find((state) => state.index === index) as WireMarket;
  }

  /** An entry has a slot of its own; alternatives share one, and its sequence. */
  async #ordersOf(list: readonly ConditionalTerms[], entry: boolean): Promise<OrderMessage[]> {
    const own = list.slice(0, entry ? 2 : 1);
    const orders = await this.#parts.fresh(own);
    const shared = orders.at(-1) as OrderMessage;
    try {
      return [...orders, ...list.slice(own.length).map((terms) => this.#parts.onSlot(terms, shared))];
    } catch (error) {
      for (const { slot } of orders) this.#parts.slots.release(slot);
      throw error;
    }
  }

  #leg(
    order: OrderMessage,
    { signature, trigger, iceberg, twap, ...terms }: WireConditionalLegRequest,
  ): ConditionalLeg {
    const market = this.#trader.market(terms.market);
    const { r8x, r8y, s } = signature;
    const found = trigger === undefined ? null : triggerFromWire(trigger, market);
    if (found === null && trigger !== undefined)
      throw new RangeError(`the ${trigger.kind} says too little or too much`);
    const given = { ...(iceberg === undefined ? {} : { iceberg }), ...(twap === undefined ? {} : { twap }) };
    const signed = { ...order, signature: { r8x: BigInt(r8x), r8y: BigInt(r8y), s: BigInt(s) } };
    return { order: signed, trigger: found, slicing: slicingFromWire(given, market) };
  }

  #letGo(orders: readonly WireConditionalOrder[]): void {
    const over = orders.every(({ status }) => status === "done" || status === "cancelled" || status === "refused");
    if (over) for (const { group } of orders) this.#release(group);
  }

  #hold(group: number, slot: number): void {
    this.#parts.slots.hold(slot);
    const held = this.#held.get(group) ?? [];
    if (!held.includes(slot)) held.push(slot);
    this.#held.set(group, held);
  }

  #release(group: number): void {
    for (const slot of this.#held.get(group) ?? []) this.#parts.slots.release(slot);
    this.#held.delete(group);
  }
}
