/**
 * Memory of a large exchange in one process: 100,000 accounts with money, 1,000,000 resting orders of which some are filled in part, and
 * the trees over all of it as the batcher has them. Run: `node scripts/bench/capacity.ts [accounts] [orders]`.
 *
 * Everything comes in through execute(). Only memory is measured, so the trees are hashed with a cheaper function whose values have the
 * size of Poseidon's.
 */
import { type OrderMessage, REVISIONS } from "../../matcher/protocol/message.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { ClientOrders } from "../../matcher/sequencer/client-orders.ts";
import { type AccountEntry, AccountStore } from "../../matcher/state/account-store.ts";
import { FLOW_MID_TICKS, FLOW_SECONDS, LIVE_MARKETS } from "./book/book-flow.ts";
import { BAND_TICKS, PlainExchange } from "./exchange/plain-exchange.ts";
import { reportRows } from "./frame/bench-row.ts";
import { usedBytes } from "./frame/collected.ts";
import { Sequence32 } from "./sequence-32.ts";

const GOAL_BYTES_PER_ORDER = 300;
const GOAL_RESIDENT_MIB = 2_048;
const TAKER_SLOT = 4_000;
const SIDES = LIVE_MARKETS * 2;
/** Of all orders; the others rest untouched. */
const FILLED_SHARE = 5;
const NAMED_ORDERS = 100_000;
const MIB = 2 ** 20;

const accounts = Number(process.argv[2] ?? 100_000);
const orders = Number(process.argv[3] ?? 1_000_000);
const random = new Sequence32();
const exchange = new PlainExchange();
const nextSlot = new Uint16Array(accounts + 1);
let number = 2 ** 40;

function send(terms: Pick<OrderMessage, "account" | "slot" | "market" | "side" | "timeInForce" | "limitPriceTicks">) {
  number += 1;
  const order: OrderMessage = {
    kind: "order",
    keepFilled: false,
    reduceOnly: false,
    postOnly: false,
    selfTrade: "expire-maker",
    sequence: number * REVISIONS,
    expirySeconds: FLOW_SECONDS + 60 + random.next(86_400 * 29),
    maxFeePpm: 1_000,
    quantityLots: terms.timeInForce === "IOC" ? 1 : 2 + random.next(100),
    ...terms,
  };
  exchange.execute({ type: "message", message: exchange.signed(order), settle: false });
}

/**
 * Orders come nearer and nearer to the middle, on all sides in turn, each account placing its next one on its next slot.
 * @param filled whether one lot of each order that is the best of its side is taken by somebody else
 */
function place(from: number, to: number, filled: boolean): void {
  const last = new Int32Array(SIDES).fill(-1);
  for (let place = from; place < to; place++) {
    const market = (place % SIDES) >> 1;
    const buys = place % 2 === 0;
    const account = 1 + ((place * 7) % accounts);
    const slot = nextSlot[account] as number;
    nextSlot[account] = slot + 1;
    const awayTicks = 1 + Math.floor(((orders - place) / orders) * (BAND_TICKS - 1));
    const limitPriceTicks = buys ? FLOW_MID_TICKS - awayTicks : FLOW_MID_TICKS + awayTicks;
    send({ account, slot, market, side: buys ? "buy" : "sell", timeInForce: "GTT", limitPriceTicks });
    if (!filled || last[place % SIDES] === awayTicks) continue;
    last[place % SIDES] = awayTicks;
    const taker = 1 + ((account + 1) % accounts);
    const side = buys ? "sell" : "buy";
    send({ account: taker, slot: TAKER_SLOT, market, side, timeInForce: "IOC", limitPriceTicks });
  }
}

/** Values of the size of Poseidon's, in a fraction of its time. */
const cheapHash: Poseidon = (inputs) => {
  let sum = BigInt(inputs.length);
  for (const input of inputs) sum = (sum * 0x9e3779b97f4a7c15f39cc0605cedc8341082276bf3a27251n + input) % FIELD_ORDER;
  return sum;
};

/** A copy that shares nothing which the batcher's accounts would not share with the ledger's. */
function* separate(entries: Iterable<AccountEntry>): Generator<AccountEntry> {
  const own = (value: bigint) => BigInt(String(value));
  for (const { account, record, slots } of entries) {
    const { collateralPicoUsd, sizesLots } = record;
    const copy = { ...record, collateralPicoUsd: own(collateralPicoUsd), sizesLots: sizesLots.map(own) };
    yield { account, record: copy, slots };
  }
}

function line(value: number, what: string): void {
  console.log(`${Math.round(value).toLocaleString("en").padStart(13)}  ${what}`);
}

const empty = await usedBytes();
exchange.open(accounts);
const opened = await usedBytes();
line((opened - empty) / accounts, "bytes per account in the ledger, with money and no order");

const untouched = orders - Math.floor(orders / FILLED_SHARE);
place(0, untouched, false);
const rested = await usedBytes();
const bytesPerOrder = (rested - opened) / untouched;
const { engine, gate, ledger } = exchange.state;
line(engine.book.bytesAllocated / untouched, "bytes per resting order in the book's arrays");
line(gate.bytesAllocated / untouched, "bytes per resting order for its signature and fee");
line(bytesPerOrder, "bytes per resting order in all");

place(untouched, orders, true);
const traded = await usedBytes();
const fills = engine.matching.lastTradeId;
line(fills, "orders filled in part, each with a slot in the ledger");
line((traded - empty) / accounts, "bytes per account in the ledger and the book, with ten orders, some filled");

const names = new ClientOrders();
for (let place = 0; place < NAMED_ORDERS; place++) {
  names.placed(place % (NAMED_ORDERS / 10), `quote-${1e9 + place}`, place % 1_000, (2 ** 40 + place) * REVISIONS);
}
const bytesPerName = ((await usedBytes()) - traded) / NAMED_ORDERS;
line(bytesPerName, "bytes more for an order that its client gave a name of 16 characters");
names.closed(0, 0, 0);

const beforeStore = await usedBytes();
const store = new AccountStore(cheapHash);
store.load(separate(ledger.entries()));
const proving = await usedBytes();
line((proving - beforeStore) / accounts, "bytes per account in the batcher's store and trees");
const residentMib = process.memoryUsage.rss() / MIB;
const peakMib = process.resourceUsage().maxRSS / 1_024;
line(engine.book.orderCount, "orders rest");
line((proving - empty) / MIB, "MiB in use");
line(residentMib, "MiB resident");
line(peakMib, "MiB resident at the most");
line(Number(store.root % 1_000_000n), "last digits of the root");

reportRows([
  {
    figure: "book, signature and fee, per resting order",
    value: bytesPerOrder,
    unit: "bytes",
    better: "lower",
    goal: GOAL_BYTES_PER_ORDER,
  },
  { figure: "a client's name for an order, 16 characters", value: bytesPerName, unit: "bytes", better: "lower" },
  {
    figure: "ledger, trees and records, per account",
    value: (opened - empty + proving - beforeStore) / accounts,
    unit: "bytes",
    better: "lower",
  },
  {
    figure: `${accounts.toLocaleString("en")} accounts, ${orders.toLocaleString("en")} orders, trees: most resident memory`,
    value: peakMib,
    unit: "MiB",
    better: "lower",
    goal: GOAL_RESIDENT_MIB,
  },
]);
