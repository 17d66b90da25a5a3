import type { AccountChannel } from "../protocol/stream-channels.ts";
import type {
  WireConditionalChanges,
  WireNewFills,
  WireNewForcedTrades,
  WireOrderChanges,
  WirePayments,
} from "../protocol/stream-wire.ts";
import { isEnded } from "../sequencer/conditional-group.ts";
import type { ExchangeEvent, SequencedEvent } from "../sequencer/exchange-event.ts";
import type { Accepted } from "../sequencer/outcome.ts";
import type { ConditionalRecord } from "./conditional-records.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { wireForcedTrade } from "./forced-trade.ts";
import { wireDeposit } from "./history/wire-history.ts";
import type { FillRecord, OrderRecord } from "./history.ts";
import { wireConditional } from "./wire-conditional.ts";

/** Channels that tell an account what a command did, each message by itself. */
export type NewsChannel = Extract<
  AccountChannel,
  "orders" | "conditional-orders" | "fills" | "payments" | "forced-trades"
>;

/** One message of an account. */
export interface News {
  readonly channel: NewsChannel;
  readonly dataJson: string;
}

const FORCED_TRADES: ReadonlySet<ExchangeEvent["type"]> = new Set([
  "liquidated",
  "deleveraged",
  "forced-closed",
  "position-settled",
]);

/** Items of the past in a snapshot. */
const ITEMS_IN_SNAPSHOT = 50;

/** Accounts that an event says something about. */
export function accountsIn(event: ExchangeEvent): number[] {
  switch (event.type) {
    case "fill":
      return [event.makerAccount, event.takerAccount];
    case "transfer":
      return [event.account, event.to];
    case "epoch":
    case "funding-sample":
    case "funding-interval":
      return [];
    default:
      return [event.account];
  }
}

/** What commands did to single accounts, in the words of the wire. Of the past it knows what the history remembers. */
export class AccountNews {
  private readonly access: ExchangeAccess;

  constructor(access: ExchangeAccess) {
    this.access = access;
  }

  /** What a durable command did to an account, when the history has just taken it in. @param own its events about the account */
  of(account: number, own: readonly SequencedEvent[], command: Accepted): News[] {
    const sequence = command.events.at(-1)?.seq ?? 0;
    const news: News[] = [];
    const orders = this.changedOrders(account, own);
    if (orders.length > 0) news.push(written("orders", this.orderChanges(sequence, orders)));
    const conditional = this.changedConditionals(own);
    if (conditional.length > 0)
      news.push(written("conditional-orders", this.conditionalChanges(sequence, conditional)));
    const fills = own.filter(({ event }) => event.type === "fill").length;
    if (fills > 0) {
      const newest = this.access.history.fillsOf(account, fills).reverse();
      news.push(written("fills", this.newFills(sequence, account, newest)));
    }
    const payments = this.newPayments(sequence, account, own);
    if (payments !== null) news.push(written("payments", payments));
    const forced = own.filter(({ event: { type } }) => {
      return FORCED_TRADES.has(type);
    }).length;
    if (forced > 0) news.push(written("forced-trades", this.forcedTrades(sequence, account, forced)));
    return news;
  }

  /** How a channel stands. @param sequence of the latest event that was told */
  snapshot(account: number, channel: NewsChannel, sequence: number): string {
    const { history, wire } = this.access;
    switch (channel) {
      case "orders": {
        const open = history.ordersOf(account).filter(({ closed }) => closed === null);
        return JSON.stringify(this.orderChanges(sequence, open));
      }
      case "conditional-orders": {
        const live = this.access.conditionals.of(account).filter((record) => !isEnded(record));
        return JSON.stringify(this.conditionalChanges(sequence, live));
      }
      case "fills": {
        const latest = history.fillsOf(account, ITEMS_IN_SNAPSHOT).reverse();
        return JSON.stringify(this.newFills(sequence, account, latest));
      }
      case "payments": {
        const payments: WirePayments = {
          sequence,
          deposits: history
            .depositsOf(account, ITEMS_IN_SNAPSHOT)
            .reverse()
            .map((deposit) => wireDeposit(wire, deposit)),
          withdrawals: history
            .withdrawalsOf(account, ITEMS_IN_SNAPSHOT)
            .reverse()
            .map((withdrawal) => wire.withdrawal(withdrawal)),
          transfers: history
            .transfersOf(account, ITEMS_IN_SNAPSHOT)
            .reverse()
            .map((transfer) => wire.transfer(transfer)),
        };
        return JSON.stringify(payments);
      }
      case "forced-trades":
        return JSON.stringify(this.forcedTrades(sequence, account, ITEMS_IN_SNAPSHOT));
    }
  }

  /** In the order in which the command touched them first. */
  private changedOrders(account: number, own: readonly SequencedEvent[]): OrderRecord[] {
    const found = new Map<string, OrderRecord>();
    for (const { event } of own) {
      for (const { slot, sequence } of namedOrders(account, event)) {
        const key = `${slot}/${sequence}`;
        const order = found.has(key) ? undefined : this.access.history.order(account, slot, sequence);
        if (order !== undefined) found.set(key, order);
      }
    }
    return [...found.values()];
  }

  /** In the order in which the command touched them first. */
  private changedConditionals(own: readonly SequencedEvent[]): ConditionalRecord[] {
    const touched = new Map<string, ConditionalRecord | undefined>();
    for (const { event } of own) {
      if (event.type !== "conditional") continue;
      const found = this.access.conditionals.group(event.group).find(({ leg }) => leg === event.leg);
      touched.set(`${event.group}/${event.leg}`, found);
    }
    return [...touched.values()].filter((record) => record !== undefined);
  }

  private conditionalChanges(sequence: number, records: readonly ConditionalRecord[]): WireConditionalChanges {
    const { wire } = this.access;
    return {
      sequence,
      orders: records.map((record) => wireConditional(record, wire.market(record.terms.order.market))),
    };
  }

  private orderChanges(sequence: number, orders: readonly OrderRecord[]): WireOrderChanges {
    return { sequence, orders: orders.map((order) => this.access.wire.order(order)) };
  }

  private newFills(sequence: number, account: number, fills: readonly FillRecord[]): WireNewFills {
    return { sequence, fills: fills.map((fill) => this.access.wire.fill(fill, account)) };
  }

  private forcedTrades(sequence: number, account: number, count: number): WireNewForcedTrades {
    const trades = this.access.history.forcedTradesOf(account, count).reverse();
    return { sequence, trades: trades.map((trade) => wireForcedTrade(this.access.wire, trade)) };
  }

  private newPayments(sequence: number, account: number, own: readonly SequencedEvent[]): WirePayments | null {
    const { history, wire } = this.access;
    const count = (type: ExchangeEvent["type"]) => own.filter(({ event }) => event.type === type).length;
    const deposits = history.depositsOf(account, count("deposit")).map((deposit) => wireDeposit(wire, deposit));
    const withdrawals = history
      .withdrawalsOf(account, count("withdrawal") + count("exit-paid"))
      .map((paid) => wire.withdrawal(paid));
    const transfers = history.transfersOf(account, count("transfer")).map((moved) => wire.transfer(moved));
    if (deposits.length + withdrawals.length + transfers.length === 0) return null;
    return {
      sequence,
      deposits: deposits.reverse(),
      withdrawals: withdrawals.reverse(),
      transfers: transfers.reverse(),
    };
  }
}

function written(channel: NewsChannel, data: unknown): News {
  return { channel, dataJson: JSON.stringify(data) };
}

/** Orders of an account that an event names. */
function namedOrders(account: number, event: ExchangeEvent): { slot: number; sequence: number }[] {
  switch (event.type) {
    case "accepted":
    case "resumed":
    case "booked":
    case "decremented":
    case "removed":
      return [event];
    case "fill":
      return [
        ...(event.makerAccount === account ? [{ slot: event.makerSlot, sequence: event.makerSequence }] : []),
        ...(event.takerAccount === account ? [{ slot: event.takerSlot, sequence: event.takerSequence }] : []),
      ];
    default:
      return [];
  }
}
