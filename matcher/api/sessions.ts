import { createHash, randomBytes } from "node:crypto";
import { isLoginTime, LOGIN_WINDOW_MS, type LoginMessage } from "../protocol/login.ts";
import type { Signature, Signed } from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";
import { Rejection } from "./api-error.ts";

export interface SessionLimits {
  /** How long a session lives from its login on. */
  lifetimeMs: number;
  /** Sessions that one account may have; the oldest gives way. */
  perAccountMax: number;
  /** All accounts together; likewise. */
  sessionsMax: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  lifetimeMs: 24 * 3_600_000,
  perAccountMax: 32,
  sessionsMax: 100_000,
};

/** Logins of one account within the window. */
const LOGINS_IN_WINDOW_MAX = 120;

export interface Login {
  account: number;
  issuedAtMs: number;
  signature: Signature;
}

export interface Session {
  /** 256 random bits in hexadecimal: whoever holds it reads as the account. */
  token: string;
  account: number;
  expiresAtMs: number;
}

/** A session that somebody relies on for longer than a request, without its token. */
export interface FollowedSession {
  readonly account: number;
  readonly expiresAtMs: number;
  /** Whether it has neither expired nor been ended. */
  isOpen(): boolean;
}

/** What is kept of a session: not the token, so that a dump of memory or a log opens none. */
interface Entry {
  account: number;
  expiresAtMs: number;
}

export interface SessionOptions {
  /** Checks a login's signature: Sequencer.loginRefusal. */
  refusal: (login: Signed<LoginMessage>, address: string) => Promise<RejectCode | null>;
  nowMs?: () => number;
  limits?: Partial<SessionLimits>;
}

/**
 * Who may read what is private to an account. A login is a signature of the account's trading key over account and time; it opens one
 * session. Sessions live in memory: after a restart clients log in again. They grant reading and the dead-man's switch, nothing that
 * needs a signature.
 */
export class Sessions {
  private readonly refusal: SessionOptions["refusal"];
  private readonly nowMs: () => number;
  private readonly limits: SessionLimits;
  /** By the token's hash, in order of login: as all live equally long, also of expiry. */
  private readonly sessions = new Map<string, Entry>();
  private readonly byAccount = new Map<number, Set<string>>();
  /** Times of logins that were used and could still be sent again. */
  private readonly used = new Map<number, Set<number>>();

  constructor({ refusal, nowMs = Date.now, limits = {} }: SessionOptions) {
    this.refusal = refusal;
    this.nowMs = nowMs;
    this.limits = { ...DEFAULT_SESSION_LIMITS, ...limits };
  }

  /** @param address where it came from. @throws (rejects) Rejection for a login that is too old, used, or not signed by the account's key */
  async login({ account, issuedAtMs, signature }: Login, address = ""): Promise<Session> {
    // 1. What costs nothing.
    this.requireFresh(account, issuedAtMs);
    // 2. The signature.
    const code = await this.refusal({ kind: "login", account, issuedAtMs, signature }, address);
    if (code !== null) throw new Rejection(code);
    // 3. Once more, since the same login may have come twice at the same time.
    const used = this.requireFresh(account, issuedAtMs);
    used.add(issuedAtMs);
    this.used.set(account, used);
    return this.open(account);
  }

  /** The account that a token speaks for, or undefined for one that opens nothing. */
  accountOf(token: string): number | undefined {
    const hash = hashOf(token);
    const entry = this.sessions.get(hash);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs > this.nowMs()) return entry.account;
    this.close(hash, entry);
    return undefined;
  }

  /** When a token's session ends, or undefined for one that opens nothing. */
  expiresAtMs(token: string): number | undefined {
    return this.accountOf(token) === undefined ? undefined : this.sessions.get(hashOf(token))?.expiresAtMs;
  }

  /** undefined for a token that opens nothing. */
  follow(token: string): FollowedSession | undefined {
    if (this.accountOf(token) === undefined) return undefined;
    const hash = hashOf(token);
    const { account, expiresAtMs } = this.sessions.get(hash) as Entry;
    return { account, expiresAtMs, isOpen: () => this.sessions.has(hash) && expiresAtMs > this.nowMs() };
  }

  /** Ends a session. A token that opens nothing is no matter. */
  logout(token: string): void {
    const hash = hashOf(token);
    const entry = this.sessions.get(hash);
    if (entry !== undefined) this.close(hash, entry);
  }

  /** Ends all of an account's: its trading key was replaced, and whoever holds the old one is to read nothing more. */
  endAll(account: number): void {
    for (const hash of [...(this.byAccount.get(account) ?? [])]) this.close(hash, { account, expiresAtMs: 0 });
  }

  get count(): number {
    return this.sessions.size;
  }

  /** @returns the times that the account has used. @throws Rejection */
  private requireFresh(account: number, issuedAtMs: number): Set<number> {
    const now = this.nowMs();
    if (!isLoginTime(issuedAtMs) || Math.abs(now - issuedAtMs) > LOGIN_WINDOW_MS) throw new Rejection("LOGIN_EXPIRED");
    const used = this.used.get(account) ?? new Set<number>();
    for (const time of used) if (time < now - LOGIN_WINDOW_MS) used.delete(time);
    if (used.has(issuedAtMs)) throw new Rejection("LOGIN_USED");
    if (used.size >= LOGINS_IN_WINDOW_MAX) throw new Rejection("RATE_LIMIT");
    return used;
  }

  private open(account: number): Session {
    const now = this.nowMs();
    for (const [hash, entry] of this.sessions) {
      if (entry.expiresAtMs > now && this.sessions.size < this.limits.sessionsMax) break;
      this.close(hash, entry);
    }
    const own = this.byAccount.get(account) ?? new Set<string>();
    for (const hash of own) {
      if (own.size < this.limits.perAccountMax) break;
      this.close(hash, this.sessions.get(hash) as Entry);
    }
    const token = randomBytes(32).toString("hex");
    const hash = hashOf(token);
    const expiresAtMs = now + this.limits.lifetimeMs;
    this.sessions.set(hash, { account, expiresAtMs });
    this.byAccount.set(account, own.add(hash));
    return { token, account, expiresAtMs };
  }

  private close(hash: string, { account }: Entry): void {
    this.sessions.delete(hash);
    const own = this.byAccount.get(account);
    own?.delete(hash);
    if (own?.size === 0) this.byAccount.delete(account);
  }
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
