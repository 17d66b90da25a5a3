import type { WireCancelled, WireDeadMansSwitch, WireOrder } from "../protocol/api-wire.ts";
import { AccountReader } from "./account-reader.ts";

/** What an account's session may do without a signature: take orders out of the book, now or when the client falls silent. Promises. */
export abstract class AccountSwitches extends AccountReader {
  /** Cancels all open orders, or one market's. @param market symbol */
  async cancelMarket(market?: string): Promise<WireCancelled> {
    const scope = market === undefined ? {} : { market };
    return this.tell(await this.session.post<WireCancelled>("/v1/cancel-market", { account: this.account, ...scope }));
  }

  /** Cancels one order by what it is called. */
  async cancelByName(name: { id: string } | { clientId: string }): Promise<WireCancelled> {
    return this.tell(await this.session.post<WireCancelled>("/v1/cancel-by-name", { account: this.account, ...name }));
  }

  /** All orders are cancelled this long from now unless this is called again before. @param timeoutMs 0 turns it off */
  deadMansSwitch(timeoutMs: number): Promise<WireDeadMansSwitch> {
    return this.session.post("/v1/dead-mans-switch", { account: this.account, timeoutMs });
  }

  /** One order by its client id, or undefined. */
  async orderByClientId(clientId: string): Promise<WireOrder | undefined> {
    const query = { account: this.account, clientId };
    return (await this.session.get<{ orders: WireOrder[] }>("/v1/orders", query)).orders[0];
  }

  /** Hears of orders that are no longer in the book. */
  protected abstract cancelled(orders: readonly WireOrder[]): void;

  private tell(answer: WireCancelled): WireCancelled {
    this.cancelled(answer.orders);
    return answer;
  }
}
