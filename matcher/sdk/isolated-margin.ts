import type { WireAccount, WirePlaced } from "../protocol/api-wire.ts";
import { microUsdFromUsd, usdFromMicroUsd } from "../protocol/decimal.ts";
import type { RegistrationPoint } from "../protocol/keys.ts";
import { registrationPointOf } from "../protocol/keys.ts";
import type { WirePosition } from "../protocol/margin-wire.ts";
import { baseFromLots, quantityLotsFromBase } from "../protocol/market.ts";
import type { RejectCode } from "../protocol/reject.ts";
import { ClearbookClient, type ClientOptions, type OrderTerms } from "./client.ts";
import { ClearbookError } from "./http.ts";
import { Turns } from "./turns.ts";

/** Registers an account of the trader on L1; sdk/onchain.ts has one. */
export interface Registrar {
  register(point: RegistrationPoint): Promise<{ account: number }>;
}

export interface IsolatedMarginOptions {
  /** As of the cross account's client: isolated accounts are under the same key. */
  client: Omit<ClientOptions, "account" | "owner">;
  /** Without one, only isolated accounts that are there already are used. */
  registrar?: Registrar;
  /** How long a new account may take to be known to the exchange: confirmations of L1. */
  registrationWaitMs?: number;
  pollMs?: number;
}

/** An isolated position that was opened. */
export interface OpenedIsolated {
  /** The position's own account: what names it from here on. */
  account: number;
  placed: WirePlaced;
}

export interface ClosedIsolated {
  /** The position is gone and its money is back. */
  closed: boolean;
  /** What of it the book did not take, signed. */
  remainingSize: string;
  /** What came back to the cross account. */
  returnedMicroUsd: bigint;
}

/** The order would be refused with this margin; nothing was moved. */
export class IsolatedRefused extends Error {
  readonly code: RejectCode;
  constructor(code: RejectCode, message: string, remedy: string) {
    super(`${code}: ${message} ${remedy}`);
    this.name = "IsolatedRefused";
    this.code = code;
  }
}

const REGISTRATION_WAIT_MS = 120_000;
const POLL_MS = 500;

/**
 * Isolated margin: each position in an account of its own, with collateral of its own. It cannot cost more than that, which needs nobody's
 * word: no batch is proven in which one account pays for another. To traders it is a mode of the position.
 *
 * Money goes there and back by signed transfers, at once. A closed position leaves its account empty, to be used for the next one.
 */
export class IsolatedMargin {
  private readonly cross: ClearbookClient;
  private readonly options: IsolatedMarginOptions;
  private readonly clients = new Map<number, ClearbookClient>();
  /** Accounts that a call of this object is about to use. */
  private readonly reserved = new Set<number>();
  /** Accounts are found or registered one after the other, and the cross account pays one after the other. */
  private readonly turns = new Turns();

  constructor(cross: ClearbookClient, options: IsolatedMarginOptions) {
    this.cross = cross;
    this.options = options;
  }

  /**
   * Opens a position of its own: finds or registers an account, isolates it for the market, gives it the margin and places the order there.
   * If the order is refused, or gone without a fill, the margin comes back.
   * @throws IsolatedRefused before anything is moved; ClearbookError, Unreachable, OnchainRefusal; Error when a new account is needed and
   * there is nobody to register it
   */
  async openIsolated(
    market: string,
    marginMicroUsd: bigint,
    order: Omit<OrderTerms, "market">,
  ): Promise<OpenedIsolated> {
    const account = await this.turns.take(() => this.reserveAccount(market));
    try {
      const client = await this.client(account);
      const { isolatedMarket } = await client.state();
      if (isolatedMarket !== market) await client.setMarginMode(market);
      const terms = { ...order, market };
      const { refusal } = await client.marginPreview(terms, marginMicroUsd);
      if (refusal !== null) throw new IsolatedRefused(refusal.code, refusal.message, refusal.remedy);
      await this.pay(account, marginMicroUsd);
      try {
        const placed = await client.place(terms);
        const { status, filledSize } = placed.order;
        if (status === "closed" && filledSize === "0") await this.takeBack(client);
        return { account, placed };
      } catch (error) {
        // Without an answer the order may be live, and needs its margin.
        if (error instanceof ClearbookError && error.code !== "INTERNAL") await this.takeBack(client);
        throw error;
      }
    } finally {
      this.reserved.delete(account);
    }
  }

  /** Adds to what a position may lose, and moves its liquidation price away. */
  async addMargin(account: number, amountMicroUsd: bigint): Promise<void> {
    await this.requireIsolated(await this.client(account));
    await this.pay(account, amountMicroUsd);
  }

  /** Takes margin back that the position does not need: its initial margin must stay. */
  async removeMargin(account: number, amountMicroUsd: bigint): Promise<void> {
    const client = await this.client(account);
    await this.requireIsolated(client);
    await client.transfer(this.cross.account, usdFromMicroUsd(amountMicroUsd));
  }

  /**
   * Cancels the account's orders, closes its position at once and brings all of its money back. May be called again when the book did not
   * take everything, or the money could not come back yet.
   * @param worstPrice USD; the edge of the provable band when absent
   */
  async closeIsolated(account: number, worstPrice?: string): Promise<ClosedIsolated> {
    const client = await this.client(account);
    const { openOrders, positions } = await this.requireIsolated(client);
    if (openOrders > 0) await client.cancelAll();
    const [position] = positions;
    if (position !== undefined) {
      await client.place(await this.closingOrder(position, worstPrice));
    }
    const [rest] = (await client.state()).positions;
    if (rest !== undefined) return { closed: false, remainingSize: rest.size, returnedMicroUsd: 0n };
    return { closed: true, remainingSize: "0", returnedMicroUsd: await this.takeBack(client) };
  }

  /** The client of an isolated account, for all that is not about its margin. */
  async client(account: number): Promise<ClearbookClient> {
    const known = this.clients.get(account);
    if (known !== undefined) return known;
    const client = await ClearbookClient.connect({ ...this.options.client, account });
    this.clients.set(account, client);
    return client;
  }

  private async pay(account: number, amountMicroUsd: bigint): Promise<void> {
    await this.turns.take(() => this.cross.transfer(account, usdFromMicroUsd(amountMicroUsd)));
  }

  /** Everything that may leave the account goes to the cross one. */
  private async takeBack(client: ClearbookClient): Promise<bigint> {
    const amountMicroUsd = microUsdFromUsd((await client.state()).withdrawable);
    if (amountMicroUsd > 0n) await client.transfer(this.cross.account, usdFromMicroUsd(amountMicroUsd));
    return amountMicroUsd;
  }

  /** @throws RangeError for an account that is not isolated: its money is not one position's */
  private async requireIsolated(client: ClearbookClient): Promise<WireAccount> {
    const account = await client.state();
    if (account.mode !== "isolated") throw new RangeError(`account ${account.account} is not isolated`);
    return account;
  }

  /** As much of the position as one order may be. */
  private async closingOrder({ market: symbol, size }: WirePosition, worstPrice?: string): Promise<OrderTerms> {
    const states = await this.cross.marketStates();
    const state = states.find((candidate) => candidate.symbol === symbol);
    const market = this.cross.market(symbol);
    const side = size.startsWith("-") ? "buy" : "sell";
    const price = worstPrice ?? (side === "buy" ? state?.priceMax : state?.priceMin);
    if (state === undefined || price === undefined || price === null)
      throw new RangeError(`${symbol} does not trade now`);
    const [heldLots, maxLots] = [size.replace("-", ""), state.sizeMax].map((text) =>
      quantityLotsFromBase(market, text),
    );
    const lots = Math.min(heldLots as number, maxLots as number);
    return { market: symbol, side, price, size: baseFromLots(market, lots), timeInForce: "IOC", reduceOnly: true };
  }

  /** An account for a new position: an empty isolated one of this key, for the market if possible, or a new one. */
  private async reserveAccount(market: string): Promise<number> {
    const { owner, key } = await this.cross.state();
    const { accounts, positions } = await this.cross.owner(owner);
    const busy = new Set(positions.map(({ account }) => account));
    const free = accounts.filter(({ account, mode, openOrders }) => {
      return mode === "isolated" && openOrders === 0 && !busy.has(account);
    });
    free.sort((a, b) => Number(b.isolatedMarket === market) - Number(a.isolatedMarket === market));
    for (const { account } of free) {
      if (this.reserved.has(account)) continue;
      this.reserved.add(account);
      const client = await this.client(account).catch(() => undefined);
      if (client !== undefined && client.signer.key.ax.toString() === key.ax) return account;
      this.reserved.delete(account);
    }
    const account = await this.register();
    this.reserved.add(account);
    return account;
  }

  private async register(): Promise<number> {
    const { registrar, registrationWaitMs = REGISTRATION_WAIT_MS, pollMs = POLL_MS } = this.options;
    if (registrar === undefined) {
      throw new Error("a new isolated account is needed: give IsolatedMargin a wallet that registers it on L1");
    }
    const { account } = await registrar.register(registrationPointOf(this.cross.signer.key.scalar));
    const deadlineMs = performance.now() + registrationWaitMs;
    for (;;) {
      try {
        await this.client(account);
        return account;
      } catch (error) {
        if (!(error instanceof ClearbookError) || error.code !== "UNKNOWN_ACCOUNT") throw error;
      }
      if (performance.now() > deadlineMs)
        throw new Error(`account ${account} is registered on L1, but not known to the exchange`);
      await new Promise((wake) => setTimeout(wake, pollMs));
    }
  }
}
