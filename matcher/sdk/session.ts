import type { WireSession, WireTime } from "../protocol/api-wire.ts";
import { ClearbookError, type Http } from "./http.ts";
import type { OrderSigner } from "./order-signer.ts";

/** A session so near its end is renewed before it is used. */
const RENEW_BEFORE_MS = 10_000;

/**
 * What is private to one account: logs in with the trading key when it is first needed, and again when a session has ended or the exchange
 * has restarted. Any number of calls share one login.
 */
export class Session {
  readonly account: number;
  private readonly http: Http;
  private readonly signer: OrderSigner;
  private readonly nowMs: () => number;
  private opened: Promise<WireSession> | null = null;
  /** What the exchange's clock is ahead of ours by; known once a login was refused for its time. */
  private aheadMs = 0;
  /** Time of the last login: each opens one session. */
  private lastMs = 0;

  constructor(http: Http, signer: OrderSigner, account: number, nowMs: () => number) {
    this.http = http;
    this.signer = signer;
    this.account = account;
    this.nowMs = nowMs;
  }

  /** @throws ClearbookError, Unreachable */
  get<T>(path: string, query: Record<string, string | number | undefined> = {}): Promise<T> {
    return this.withToken((token) => this.http.get<T>(path, query, token));
  }

  /** @throws ClearbookError, Unreachable */
  post<T>(path: string, body: unknown): Promise<T> {
    return this.withToken((token) => this.http.post<T>(path, body, token));
  }

  /** A token that is good now, as far as is known. @throws ClearbookError, Unreachable */
  async token(): Promise<string> {
    const pending = this.opened ?? this.open();
    const { token, expiresAtMs } = await pending;
    if (expiresAtMs - RENEW_BEFORE_MS > this.nowMs() + this.aheadMs) return token;
    this.forget(pending);
    return (await (this.opened ?? this.open())).token;
  }

  /** Another token than this one, which the exchange has refused. @throws ClearbookError, Unreachable */
  async renew(refused: string): Promise<string> {
    const pending = this.opened;
    const session = await pending?.catch(() => null);
    if (pending !== null && session?.token === refused) this.forget(pending);
    return this.token();
  }

  /** Ends the session, if there is one. @throws ClearbookError, Unreachable */
  async end(): Promise<void> {
    const session = await this.opened?.catch(() => null);
    this.opened = null;
    if (session) await this.http.post("/v1/logout", {}, session.token);
  }

  private async withToken<T>(ask: (token: string) => Promise<T>): Promise<T> {
    const token = await this.token();
    const pending = this.opened;
    try {
      return await ask(token);
    } catch (error) {
      if (!(error instanceof ClearbookError) || error.code !== "SESSION_REQUIRED") throw error;
      // The exchange has forgotten it. Whoever hears of that first logs in again, for all.
      if (pending !== null) this.forget(pending);
      return ask(await this.token());
    }
  }

  private forget(pending: Promise<WireSession>): void {
    if (this.opened === pending) this.opened = null;
  }

  private open(): Promise<WireSession> {
    const pending = this.login();
    this.opened = pending;
    pending.catch(() => this.forget(pending));
    return pending;
  }

  private async login(): Promise<WireSession> {
    try {
      return await this.sendLogin();
    } catch (error) {
      if (!(error instanceof ClearbookError)) throw error;
      if (error.code === "LOGIN_EXPIRED") {
        // Our clock is off, or the exchange's: what counts is the exchange's.
        const { timeMs } = await this.http.get<WireTime>("/v1/time");
        this.aheadMs = timeMs - this.nowMs();
        this.lastMs = 0;
      } else if (error.code !== "LOGIN_USED") throw error;
      return this.sendLogin();
    }
  }

  private sendLogin(): Promise<WireSession> {
    const issuedAtMs = Math.max(this.nowMs() + this.aheadMs, this.lastMs + 1);
    this.lastMs = issuedAtMs;
    const { account } = this;
    const signature = this.signer.sign({ kind: "login", account, issuedAtMs });
    return this.http.post<WireSession>("/v1/login", { account, issuedAtMs, signature });
  }
}
