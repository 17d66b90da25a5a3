import type { WireStreamLogin, WireTokenLogin } from "../protocol/stream-wire.ts";
import { Rejection } from "./api-error.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { isWrongSignature } from "./session-routes.ts";
import type { FollowedSession } from "./sessions.ts";
import type { StreamLimits } from "./stream-limits.ts";
import { signatureFrom } from "./wire-request.ts";

/** What a login opened. */
interface LoggedIn {
  account: number;
  expiresAtMs: number;
  token: string | null;
}

/** The accounts that one connection reads, each for as long as its session lives. */
export class StreamLogins {
  private readonly access: ExchangeAccess;
  private readonly limits: StreamLimits;
  private readonly address: string;
  private readonly sessions = new Map<number, FollowedSession>();
  private failures = 0;

  constructor(access: ExchangeAccess, limits: StreamLimits, address: string) {
    this.access = access;
    this.limits = limits;
    this.address = address;
  }

  /**
   * With a signature, which opens a session, or with the token of an open one.
   * @param onTooMany told when too many have failed
   * @throws (rejects) Rejection
   */
  async login(request: WireStreamLogin | WireTokenLogin, onTooMany: (reason: string) => void): Promise<LoggedIn> {
    try {
      const isKnown = "account" in request && this.sessions.has(request.account);
      if (!isKnown && this.sessions.size >= this.limits.loginsMax) throw new Rejection("TOO_MANY_LOGINS");
      return "token" in request ? this.withToken(request.token) : await this.withSignature(request);
    } catch (error) {
      this.failures += 1;
      if (this.failures >= this.limits.failedLoginsMax) onTooMany("too many logins that failed");
      throw error;
    }
  }

  /** "none" for an account that was never logged in here; "ended" once for a session that is over. */
  reads(account: number): "open" | "ended" | "none" {
    const session = this.sessions.get(account);
    if (session === undefined) return "none";
    if (session.isOpen()) return "open";
    this.sessions.delete(account);
    return "ended";
  }

  /** @returns whether the account was logged in */
  logout(account: number): boolean {
    return this.sessions.delete(account);
  }

  accounts(): number[] {
    return [...this.sessions.keys()];
  }

  private withToken(token: string): LoggedIn {
    const session = this.access.sessions.follow(token);
    if (session === undefined) throw new Rejection("SESSION_REQUIRED", { field: "token" });
    return this.follow(session, null);
  }

  private async withSignature({ account, issuedAtMs, signature }: WireStreamLogin): Promise<LoggedIn> {
    const { limits, sessions } = this.access;
    const { address } = this;
    limits.request("order", address);
    const login = { account, issuedAtMs, signature: signatureFrom(signature) };
    const { token } = await limits.verifying(address, () => sessions.login(login, address), isWrongSignature);
    const session = sessions.follow(token);
    if (session === undefined) throw new Error("a session that was opened is not open");
    return this.follow(session, token);
  }

  private follow(session: FollowedSession, token: string | null): LoggedIn {
    const { account, expiresAtMs } = session;
    this.sessions.set(account, session);
    return { account, expiresAtMs, token };
  }
}
