import { type Signal, signal } from "@preact/signals";
import type {
  WireAccount,
  WireFill,
  WireFinality,
  WireOrder,
  WireTransfer,
  WireWithdrawal,
} from "../../protocol/api-wire.ts";
import type { WireForcedTrade } from "../../protocol/liquidation-wire.ts";
import type { WireDeposit, WireFundingPayment } from "../../protocol/wire/history.ts";
import type { WireFinalityNews } from "../../protocol/wire/stream-data.ts";
import type { ClearbookClient } from "../../sdk/client.ts";
import { ClearbookStream } from "../../sdk/stream.ts";
import type { ExchangeLink } from "./link.ts";

const ROWS_MAX = 200;

export interface Payments {
  readonly deposits: readonly WireDeposit[];
  readonly withdrawals: readonly WireWithdrawal[];
  readonly transfers: readonly WireTransfer[];
}

/** Everything of one account, kept as it is told. Lists are newest first. */
export class AccountFeed {
  readonly client: ClearbookClient;
  readonly account: Signal<WireAccount | null> = signal(null);
  readonly openOrders: Signal<readonly WireOrder[]> = signal([]);
  readonly closedOrders: Signal<readonly WireOrder[]> = signal([]);
  readonly fills: Signal<readonly WireFill[]> = signal([]);
  readonly payments: Signal<Payments> = signal({ deposits: [], withdrawals: [], transfers: [] });
  readonly fundingPayments: Signal<readonly WireFundingPayment[]> = signal([]);
  readonly forcedTrades: Signal<readonly WireForcedTrade[]> = signal([]);
  readonly live = signal(false);
  /** Rises with every batch that proved something of the account. */
  readonly proofs = signal(0);
  private readonly stream: ClearbookStream;
  private fundingEpoch = -1;
  private closed = false;

  constructor(link: ExchangeLink, client: ClearbookClient) {
    this.client = client;
    this.stream = new ClearbookStream({
      apiUrl: link.apiUrl,
      sessions: [client.session],
      retryMs: { first: 250, max: 3_000 },
      onState: ({ state }) => {
        this.live.value = state === "open";
      },
    });
    const { account } = client;
    this.stream.subscribe(
      { channel: "account", account },
      { onSnapshot: (data) => this.takeAccount(data.account), onUpdate: (data) => this.takeAccount(data.account) },
    );
    this.stream.subscribe(
      { channel: "orders", account },
      {
        onSnapshot: ({ orders }) => {
          this.openOrders.value = newestFirst(orders);
          void this.readClosedOrders();
        },
        onUpdate: ({ orders }) => this.takeOrders(orders),
      },
    );
    this.stream.subscribe(
      { channel: "fills", account },
      {
        onSnapshot: () => void this.readFills(),
        onUpdate: ({ fills }) => {
          this.fills.value = [...fills.toReversed(), ...this.fills.value].slice(0, ROWS_MAX);
        },
      },
    );
    this.stream.subscribe(
      { channel: "payments", account },
      { onSnapshot: () => void this.readPayments(), onUpdate: () => void this.readPayments() },
    );
    this.stream.subscribe(
      { channel: "forced-trades", account },
      {
        onSnapshot: ({ trades }) => {
          this.forcedTrades.value = trades.toReversed();
        },
        onUpdate: ({ trades }) => {
          this.forcedTrades.value = [...trades.toReversed(), ...this.forcedTrades.value].slice(0, ROWS_MAX);
        },
      },
    );
    this.stream.subscribe({ channel: "finality", account }, { onUpdate: (news) => this.takeProof(news) });
  }

  close(): void {
    this.closed = true;
    this.stream.close();
  }

  /** What somebody has just done, before the stream tells it. */
  takeOrders(orders: readonly WireOrder[]): void {
    const ids = new Set(orders.map(({ id }) => id));
    const open = orders.filter(({ status }) => status === "open");
    const closed = orders.filter(({ status }) => status === "closed");
    this.openOrders.value = newestFirst([...open, ...this.openOrders.value.filter(({ id }) => !ids.has(id))]);
    const others = this.closedOrders.value.filter(({ id }) => !ids.has(id));
    this.closedOrders.value = newestFirst([...closed, ...others]).slice(0, ROWS_MAX);
  }

  private takeAccount(account: WireAccount): void {
    this.account.value = account;
    // Funding is settled when an account is touched, and told with the account.
    if (account.epochNumber === this.fundingEpoch) return;
    this.fundingEpoch = account.epochNumber;
    void this.readFunding();
  }

  /** A batch was proven: rows say so from now on. */
  private takeProof({ batch, fills, withdrawals, transfers }: WireFinalityNews): void {
    this.proofs.value += 1;
    if (batch === null) return;
    const finality: WireFinality = { label: "proven", batchNumber: batch.batchNumber, txHash: batch.txHash };
    const proven = new Set(fills.map(({ market, tradeId }) => `${market}/${tradeId}`));
    this.fills.value = this.fills.value.map((fill) =>
      proven.has(`${fill.market}/${fill.tradeId}`) ? { ...fill, finality } : fill,
    );
    const byOrder = (order: WireOrder): WireOrder => {
      const latest = this.fills.value.find(({ slot, sequence }) => slot === order.slot && sequence === order.sequence);
      return latest === undefined ? order : { ...order, finality: latest.finality };
    };
    this.openOrders.value = this.openOrders.value.map(byOrder);
    this.closedOrders.value = this.closedOrders.value.map(byOrder);
    if (withdrawals.length + transfers.length > 0 || this.payments.value.deposits.some(isUnproven)) {
      void this.readPayments();
    }
    if (this.fundingPayments.value.some(isUnproven)) void this.readFunding();
  }

  private async readClosedOrders(): Promise<void> {
    const rows = await this.rows<WireOrder>("/v1/orders", "orders", { status: "closed" });
    if (rows !== null) this.closedOrders.value = rows;
  }

  private async readFills(): Promise<void> {
    const rows = await this.rows<WireFill>("/v1/fills", "fills");
    if (rows !== null) this.fills.value = rows;
  }

  private async readFunding(): Promise<void> {
    const rows = await this.rows<WireFundingPayment>("/v1/funding-payments", "payments");
    if (rows !== null) this.fundingPayments.value = rows;
  }

  private async readPayments(): Promise<void> {
    const [deposits, withdrawals, transfers] = await Promise.all([
      this.rows<WireDeposit>("/v1/deposits", "deposits"),
      this.rows<WireWithdrawal>("/v1/withdrawals", "withdrawals"),
      this.rows<WireTransfer>("/v1/transfers", "transfers"),
    ]);
    if (deposits !== null && withdrawals !== null && transfers !== null) {
      this.payments.value = { deposits, withdrawals, transfers };
    }
  }

  /** null when there is no answer: the stream asks again when there is a connection. */
  private async rows<T>(path: string, name: string, query: Record<string, string> = {}): Promise<readonly T[] | null> {
    const asked = { account: this.client.account, limit: ROWS_MAX, ...query };
    const answer = await this.client.session.get<Record<string, readonly T[]>>(path, asked).catch(() => null);
    return this.closed ? null : (answer?.[name] ?? null);
  }
}

function newestFirst(orders: readonly WireOrder[]): WireOrder[] {
  return orders.toSorted((a, b) => b.command - a.command);
}

function isUnproven({ finality }: { finality: WireFinality }): boolean {
  return finality.label !== "proven";
}
