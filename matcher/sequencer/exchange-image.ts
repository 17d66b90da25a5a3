import {
  SNAPSHOT_VERSION as BOOK_VERSION,
  type BookSnapshot,
  type OrderRow,
  orderRow,
  type SlotRow,
  vacantSlots,
} from "../book/book-snapshot.ts";
import { canonicalNodes } from "../book/book-view.ts";
import {
  termsKeepFilled,
  termsMarket,
  termsPostOnly,
  termsReduceOnly,
  termsSelfTrade,
  termsSide,
  termsTimeInForce,
} from "../book/order.ts";
import { type Exact, fromJson, toJson } from "../journal/exact-json.ts";
import type { Json } from "../journal/snapshot-part.ts";
import type { OrderMessage, Signed } from "../protocol/message.ts";
import type { Ledger } from "../state/ledger.ts";
import { accountSnapshot, type LedgerSnapshot, ledgerFrom, sharedSnapshot } from "../state/ledger-snapshot.ts";
import type { GroupImage } from "./conditional-group.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { FundingMeterSnapshot } from "./funding-meter.ts";
import type { QueueDeskSnapshot } from "./queue-desk.ts";
import type { TimedCancel } from "./timed-cancels.ts";

export interface ExchangeCounters {
  readonly commands: number;
  readonly events: number;
  readonly steps: number;
  readonly head: bigint;
  readonly lastAcceptedMs: number;
}

/** Everything that a later command could depend on, as plain data. */
export interface ExchangeImage {
  readonly counters: ExchangeCounters;
  readonly ledger: Ledger;
  readonly book: BookSnapshot;
  /** Signed messages of the orders of the book, in its order. */
  readonly signedOrders: readonly Signed<OrderMessage>[];
  readonly promises: readonly [account: number, minSequence: number][];
  readonly feeTiers: readonly [account: number, tier: number][];
  readonly marginModes: readonly [account: number, market: number | null, sequence: number][];
  readonly deadMansSwitches: readonly [account: number, deadlineMs: number][];
  readonly clientOrders: readonly [account: number, clientId: string, slot: number, sequence: number, live: boolean][];
  readonly conditionals: readonly GroupImage[];
  readonly timedCancels: readonly TimedCancel[];
  readonly owners: readonly [owner: bigint, accounts: readonly number[]][];
  readonly funding: FundingMeterSnapshot;
  readonly desk: QueueDeskSnapshot;
}

/** Of the lines below. */
export const IMAGE_VERSION = 2;

const hex = (value: bigint): string => value.toString(16);
const fromHex = (digits: string): bigint => BigInt(`0x${digits}`);

/**
 * The state of this moment, one value a line. What is taken at once are references to values that are replaced and never changed, and
 * copies of numbers; they are turned into text as the lines are read, however long that takes.
 */
export function imageLines(state: ExchangeState): Iterable<Json> {
  const { ledger, gate, clientOrders, fees, modes, owners } = state;
  const shared = ledger.shared;
  const accounts = ledger.entriesOfNow();
  const { book, matching } = state.engine;
  const nodes = Int32Array.from(canonicalNodes(book));
  const pool = book.pool.copy();
  const signedPart = gate.signedPartsOfNow();
  const slots = vacantSlots(book);
  const { lastTradeId } = matching;
  const counters = { ...state.counters };
  const funding = state.funding.snapshot();
  const desk = state.desk.snapshot();
  const names = [...clientOrders.entries()];
  const lists = {
    promises: gate.promises(),
    feeTiers: fees.entries(),
    marginModes: modes.entries(),
    deadMansSwitches: state.deadMansSwitches.entries(),
  };
  const owned = owners.entries();
  const conditionals = state.conditionals.store.images();
  const timedCancels = state.conditionals.timedCancels.entries();
  return (function* lines(): Generator<Json> {
    yield ["image", IMAGE_VERSION, toJson(counters as unknown as Exact)];
    yield ["shared", sharedSnapshot(shared) as unknown as Json];
    yield ["funding", toJson(funding as unknown as Exact)];
    yield ["desk", toJson(desk as unknown as Exact)];
    yield ["book", BOOK_VERSION, lastTradeId];
    for (const [name, list] of Object.entries(lists)) for (const entry of list) yield [name, entry];
    for (const [owner, indices] of owned) yield ["owners", hex(owner), indices];
    for (const group of conditionals) yield ["conditional", toJson(group as unknown as Exact)];
    for (const timed of timedCancels) yield ["timedCancel", timed as unknown as Json];
    for (const entry of names) yield ["clientOrders", entry];
    for (const entry of accounts) yield ["account", accountSnapshot(entry) as unknown as Json];
    for (const node of nodes) {
      const { maxFeePpm, signature } = signedPart(node);
      yield ["order", orderRow(pool, node), maxFeePpm, hex(signature.r8x), hex(signature.r8y), hex(signature.s)];
    }
    for (const row of slots) yield ["slot", row];
  })();
}

type Line = readonly [tag: string, ...values: Json[]];

/** Inverse of {@link imageLines}. @throws RangeError, Error for lines that it did not write */
export function imageFrom(values: readonly Json[]): ExchangeImage {
  const byTag = Map.groupBy(values as readonly Line[], ([tag]) => tag);
  const all = (tag: string): readonly Line[] => byTag.get(tag) ?? [];
  const one = (tag: string): Line => {
    const [line, ...more] = all(tag);
    if (line === undefined || more.length > 0) throw new RangeError(`${more.length + 1} lines "${tag}" or none`);
    return line;
  };
  const [, imageVersion, counters] = one("image") as [string, number, Json];
  if (imageVersion !== IMAGE_VERSION) throw new RangeError(`image version ${imageVersion}, not ${IMAGE_VERSION}`);
  const [, version, lastTradeId] = one("book") as [string, BookSnapshot["version"], number];
  const shared = one("shared")[1] as unknown as Omit<LedgerSnapshot, "accounts">;
  const accounts = all("account").map(([, account]) => account as unknown as LedgerSnapshot["accounts"][number]);
  const orders = all("order") as unknown as [string, OrderRow, number, string, string, string][];
  const entries = <T>(tag: string): T[] => all(tag).map(([, entry]) => entry as unknown as T);
  return {
    counters: fromJson(counters) as unknown as ExchangeCounters,
    ledger: ledgerFrom({ ...shared, accounts }),
    book: { version, lastTradeId, orders: orders.map(([, row]) => row), slots: entries<SlotRow>("slot") },
    signedOrders: orders.map(([, row, maxFeePpm, r8x, r8y, s]) => {
      return { ...orderOf(row, maxFeePpm), signature: { r8x: fromHex(r8x), r8y: fromHex(r8y), s: fromHex(s) } };
    }),
    promises: entries("promises"),
    feeTiers: entries("feeTiers"),
    marginModes: entries("marginModes"),
    deadMansSwitches: entries("deadMansSwitches"),
    clientOrders: entries("clientOrders"),
    conditionals: all("conditional").map(([, group]) => fromJson(group as Json) as unknown as GroupImage),
    timedCancels: entries("timedCancel"),
    owners: all("owners").map(([, owner, indices]) => [fromHex(owner as string), indices as number[]]),
    funding: fromJson(one("funding")[1] as Json) as unknown as FundingMeterSnapshot,
    desk: fromJson(one("desk")[1] as Json) as unknown as QueueDeskSnapshot,
  };
}

/** Gives the parts of a state what an image has for them; ledger and book it was made with. */
export function putBack(
  { signedOrders, promises, feeTiers, owners, marginModes, deadMansSwitches, clientOrders, ...image }: ExchangeImage,
  state: ExchangeState,
): void {
  for (const order of signedOrders) state.gate.keep(order);
  for (const [account, minSequence] of promises) state.gate.promiseMinSequence(account, minSequence);
  for (const [account, tier] of feeTiers) state.fees.set(account, tier);
  for (const [owner, accounts] of owners) for (const account of accounts) state.owners.add(owner, account);
  state.modes.restore(marginModes);
  state.deadMansSwitches.restore(deadMansSwitches);
  state.clientOrders.restore(clientOrders);
  state.conditionals.store.restore(image.conditionals);
  state.conditionals.timedCancels.restore(image.timedCancels);
  state.funding.restore(image.funding);
  state.desk.restore(image.desk);
  state.liquidator.noteAccounts(Array.from(state.ledger.entries(), ({ account }) => account));
}

/** The signed terms of a resting order are those that the book has, and the fee. */
function orderOf(row: OrderRow, maxFeePpm: number): OrderMessage {
  const [account, slot, sequence, terms, limitPriceTicks, quantityLots, , , expirySeconds] = row;
  return {
    kind: "order",
    account,
    market: termsMarket(terms),
    side: termsSide(terms),
    keepFilled: termsKeepFilled(terms),
    reduceOnly: termsReduceOnly(terms),
    postOnly: termsPostOnly(terms),
    timeInForce: termsTimeInForce(terms),
    selfTrade: termsSelfTrade(terms),
    slot,
    sequence,
    expirySeconds,
    maxFeePpm,
    limitPriceTicks,
    quantityLots,
  };
}
