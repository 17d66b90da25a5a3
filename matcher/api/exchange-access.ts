import type { Snapshots } from "../journal/snapshots.ts";
import type { WireOracle } from "../protocol/api-wire.ts";
import type { WirePosition } from "../protocol/margin-wire.ts";
import type { Market } from "../protocol/market.ts";
import { type WireReceipt, wireReceipt } from "../protocol/receipt-wire.ts";
import { marginMode, wirePosition } from "../risk/wire-figures.ts";
import type { AccountView } from "../sequencer/exchange-view.ts";
import { marketMarkTicks } from "../sequencer/margin-view.ts";
import type { Accepted } from "../sequencer/outcome.ts";
import type { ReceiptBook } from "../sequencer/receipt-book.ts";
import { deleveragingRanks } from "../sequencer/risk-view.ts";
import type { Sequencer } from "../sequencer/sequencer.ts";
import { Rejection } from "./api-error.ts";
import { bearerOf } from "./bearer.ts";
import { ConditionalRecords } from "./conditional-records.ts";
import { EntryValues } from "./entry-values.ts";
import { FundingHistory } from "./funding-history.ts";
import { History } from "./history.ts";
import type { PageFiles } from "./page-files.ts";
import { PlacedTerms } from "./placed-terms.ts";
import { addressKey, type RateLimitOptions, RateLimits } from "./rate-limits.ts";
import { type SessionLimits, Sessions } from "./sessions.ts";
import type { StreamLimits } from "./stream-limits.ts";
import { Wire } from "./wire-response.ts";

/** What the chain side adds to the status. JSON; a field `halted` that is not null says that nothing is settled any more. */
export interface ChainStatus {
  readonly oracle?: WireOracle;
  readonly [part: string]: unknown;
}

/** What a connection may take its time for, and how many there may be. */
export interface ConnectionLimits {
  /** Connections at once; beyond, new ones are closed. */
  connectionsMax: number;
  /** Headers must be here after this long, the whole request after `requestMs`: whoever trickles bytes is cut off. */
  headersMs: number;
  requestMs: number;
  /** How often connections are looked at for the two. */
  checkMs: number;
  /** A connection that asks nothing is kept this long. */
  idleMs: number;
}

export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  connectionsMax: 20_000,
  headersMs: 5_000,
  requestMs: 10_000,
  checkMs: 1_000,
  idleMs: 72_000,
};

export interface ApiOptions {
  sequencer: Sequencer;
  chainId: number;
  /** Address of the Exchange contract. */
  exchange: string;
  /** Domain of signed messages there. */
  domain: bigint;
  /** Address of the collateral token, for clients that deposit. */
  token?: string;
  /** By index; null where there is none. */
  markets: readonly (Market | null)[];
  chainStatus?: () => ChainStatus;
  /** The contract's bound of funding, ppm of the price per hour; 0 while it is not known. */
  fundingRateMaxPpmPerHour?: () => number;
  nowMs?: () => number;
  sessions?: Partial<SessionLimits>;
  rateLimits?: Partial<RateLimitOptions>;
  /** How much streams may cost. */
  streams?: Partial<StreamLimits>;
  /** Addresses or networks of proxies whose X-Forwarded-For is believed. None when absent. */
  trustedProxies?: string[];
  /** Origins whose pages may ask: all when absent, since nothing is granted by cookies. */
  corsOrigins?: readonly string[];
  connections?: Partial<ConnectionLimits>;
  /** Told of defects: everything that is answered with 500, under the id that the answer carries. */
  onDefect?: (error: unknown, requestId: string) => void;
  /** Where read models that follow from commands alone are kept over a restart. */
  snapshots?: Snapshots;
  /** Memory for the past; give the one that already listens to the sequencer, or leave it out. */
  history?: History;
  /** Memory for funding intervals; likewise. */
  funding?: FundingHistory;
  /** Gives receipts, and already listens to the sequencer; without it acknowledgements carry none. */
  receipts?: ReceiptBook;
  /** The trading page, served at `/`. */
  page?: PageFiles;
}

/** What the routes work with: one sequencer, what is remembered of it, and the words for both. */
export class ExchangeAccess {
  readonly options: ApiOptions;
  readonly sequencer: Sequencer;
  readonly history: History;
  readonly funding: FundingHistory;
  readonly entries: EntryValues;
  readonly conditionals: ConditionalRecords;
  readonly wire: Wire;
  readonly sessions: Sessions;
  readonly limits: RateLimits;
  readonly placedTerms = new PlacedTerms();
  readonly nowMs: () => number;
  private readonly bySymbol: ReadonlyMap<string, Market>;

  constructor(options: ApiOptions) {
    this.options = options;
    this.sequencer = options.sequencer;
    this.nowMs = options.nowMs ?? Date.now;
    this.wire = new Wire(options.sequencer.finality, options.markets);
    this.bySymbol = new Map(options.markets.flatMap((market) => (market === null ? [] : [[market.symbol, market]])));
    this.sessions = new Sessions({
      refusal: (login, address) => options.sequencer.loginRefusal(login, addressKey(address)),
      nowMs: this.nowMs,
      ...(options.sessions === undefined ? {} : { limits: options.sessions }),
    });
    this.limits = new RateLimits(options.rateLimits);
    this.history = options.history ?? new History();
    this.history.follow(options.sequencer.state);
    options.sequencer.backlog.holdOrders(() => this.history.isFull);
    this.funding = options.funding ?? new FundingHistory();
    this.funding.restore(this.history.recoveredIntervals);
    const { ledger } = options.sequencer.state;
    this.entries = new EntryValues((account, market) => ledger.positionLots(account, market));
    options.snapshots?.register(this.entries.part());
    this.conditionals = new ConditionalRecords(options.sequencer.state);
    options.snapshots?.register(this.conditionals.part());
    // Of a position's cost only what the ledger holds at that very moment can be told.
    options.sequencer.onAccepted((accepted) => this.entries.record(accepted));
    options.sequencer.onAccepted(({ events }) => {
      for (const { event } of events) {
        if (event.type === "request-served" && event.request === "keyRotation") this.sessions.endAll(event.account);
      }
    });
    options.sequencer.onDurable((accepted, command) => {
      const clientId = command.type === "message" ? command.clientId : undefined;
      if (command.type === "message" && command.message.kind === "order") this.placedTerms.placed(command.message);
      this.conditionals.record(accepted, command);
      if (this.history.record(accepted, clientId ?? null)) this.funding.record(accepted);
    });
  }

  /** The receipt that an acknowledgement carries: of a command, or of the one that placed an order. */
  async receiptOf({ command }: Pick<Accepted, "command">): Promise<WireReceipt | null> {
    const receipt = await this.options.receipts?.receiptOf(command);
    return receipt === undefined ? null : wireReceipt(receipt);
  }

  get markets(): Market[] {
    return [...this.bySymbol.values()];
  }

  /** @throws Rejection UNKNOWN_MARKET */
  marketOf(symbol: string): Market {
    const market = this.bySymbol.get(symbol);
    if (market !== undefined) return market;
    const known = [...this.bySymbol.keys()].join(", ");
    throw new Rejection("UNKNOWN_MARKET", { detail: `there are ${known}` });
  }

  /** Price of the newest trade, or null. */
  lastTradeTicks(market: number): number | null {
    return this.history.trades(market, 1)[0]?.priceTicks ?? null;
  }

  /** See risk/mark-price.ts. */
  markTicks(market: number): number {
    return marketMarkTicks(this.sequencer.state, market, this.lastTradeTicks(market));
  }

  /** An account's positions with all that is known of them. */
  positions({ account, isolatedMarket, positions }: AccountView): WirePosition[] {
    const { state } = this.sequencer;
    const { terms } = state.ledger;
    const ranks = new Map(
      deleveragingRanks(state, account).map(({ market, position, holders, quintile }) => {
        return [market, { position, holders, quintile }] as const;
      }),
    );
    return positions.map((figures) =>
      wirePosition(figures, {
        market: this.wire.market(figures.market),
        mode: marginMode(isolatedMarket),
        indexTicks: terms.markets[figures.market]?.priceTicks ?? 0n,
        markTicks: BigInt(this.markTicks(figures.market)),
        entryMicroUsd: this.entries.entryMicroUsd(account, figures.market),
        deleveragingRank: ranks.get(figures.market) ?? null,
      }),
    );
  }

  /** The account that a request's session speaks for. @throws Rejection SESSION_REQUIRED */
  accountOfSession(authorization: string | undefined): number {
    const token = bearerOf(authorization);
    const account = token === undefined ? undefined : this.sessions.accountOf(token);
    if (account === undefined) throw new Rejection("SESSION_REQUIRED");
    return account;
  }

  /** @throws Rejection UNKNOWN_ACCOUNT */
  requireAccount(text: string): number {
    const account = Number(text);
    if (!this.sequencer.state.ledger.has(account)) throw new Rejection("UNKNOWN_ACCOUNT");
    return account;
  }
}
