import { Rejection } from "./api-error.ts";
import { type Allowance, type Budget, TokenBuckets } from "./token-buckets.ts";

/** What a route is charged to. Cancels are charged to nothing: whoever wants out must get out. */
export type RouteBudget = "read" | "order" | "cancel" | "free";

export interface RateLimitOptions {
  /** Reading, by network address. */
  readAddress: Budget;
  /** Reading what is private, by account. */
  readAccount: Budget;
  /** Orders, payments and logins, by network address; a batch counts its orders. */
  orderAddress: Budget;
  /** Orders, by account, once their signature is found to be good: nobody can use up another's. */
  orderAccount: Budget;
  /** Signatures that do not verify, by address: each costs a verification. When they are used up, nothing signed is taken from there. */
  badSignatures: Budget;
}

export const DEFAULT_RATE_LIMITS: RateLimitOptions = {
  readAddress: { perSecond: 500, burst: 2_000 },
  readAccount: { perSecond: 200, burst: 1_000 },
  orderAddress: { perSecond: 2_000, burst: 10_000 },
  orderAccount: { perSecond: 500, burst: 2_000 },
  badSignatures: { perSecond: 5, burst: 500 },
};

export type RateLimitHeaders = Record<"ratelimit-limit" | "ratelimit-remaining" | "ratelimit-reset", string>;

export function headersOf({ limit, remaining, resetMs }: Allowance): RateLimitHeaders {
  return {
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(Math.ceil(resetMs / 1_000)),
  };
}

/** Addresses of one network of IPv6 belong to one customer; who has one has 2^64. */
export function addressKey(address: string): string {
  const plain = address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = 8 - groups.length - (tail === undefined || tail === "" ? 0 : tail.split(":").length);
  const full =
    tail === undefined ? groups : [...groups, ...Array.from({ length: missing }, () => "0"), ...tail.split(":")];
  return `${full
    .slice(0, 4)
    .map((group) => group || "0")
    .join(":")}::/64`;
}

/** Who may ask how much. One for the whole API, REST and streams alike. */
export class RateLimits {
  private readonly readAddress: TokenBuckets<string>;
  private readonly readAccount: TokenBuckets<number>;
  private readonly orderAddress: TokenBuckets<string>;
  private readonly orderAccount: TokenBuckets<number>;
  private readonly badSignatures: TokenBuckets<string>;

  constructor(options: Partial<RateLimitOptions> = {}, monotonicMs?: () => number) {
    const { readAddress, readAccount, orderAddress, orderAccount, badSignatures } = {
      ...DEFAULT_RATE_LIMITS,
      ...options,
    };
    this.readAddress = new TokenBuckets(readAddress, monotonicMs);
    this.readAccount = new TokenBuckets(readAccount, monotonicMs);
    this.orderAddress = new TokenBuckets(orderAddress, monotonicMs);
    this.orderAccount = new TokenBuckets(orderAccount, monotonicMs);
    this.badSignatures = new TokenBuckets(badSignatures, monotonicMs);
  }

  /** Charges a request before anything is read of it. @returns null where nothing is counted. @throws Rejection RATE_LIMIT */
  request(budget: RouteBudget, address: string, cost = 1): Allowance | null {
    const key = addressKey(address);
    if (budget === "order" || budget === "cancel") pass(this.badSignatures.look(key), "signatures that do not verify");
    if (budget === "read") return pass(this.readAddress.take(key, cost), "requests from this address");
    if (budget === "order") return pass(this.orderAddress.take(key, cost), "orders from this address");
    return null;
  }

  /** @throws Rejection RATE_LIMIT */
  reading(account: number): Allowance {
    return pass(this.readAccount.take(account), "requests of this account");
  }

  /** Charges an order whose signature is good. */
  order(account: number): Allowance {
    return this.orderAccount.take(account);
  }

  /** What an account has left to order with. */
  orderAllowance(account: number): Allowance {
    return this.orderAccount.look(account);
  }

  /**
   * Runs what has a signature checked. It counts as one that does not verify until it is known to: so many may be on their way from an
   * address at once, cancels included. @throws (rejects) Rejection RATE_LIMIT
   */
  async verifying<T>(address: string, work: () => Promise<T>, isBad: (result: T | Rejection) => boolean): Promise<T> {
    const key = addressKey(address);
    pass(this.badSignatures.take(key), "signatures that do not verify");
    let bad = false;
    try {
      const result = await work();
      bad = isBad(result);
      return result;
    } catch (error) {
      bad = error instanceof Rejection && isBad(error);
      throw error;
    } finally {
      if (!bad) this.badSignatures.give(key);
    }
  }
}

function pass(allowance: Allowance, what: string): Allowance {
  if (allowance.allowed) return allowance;
  throw new Rejection("RATE_LIMIT", { detail: `too many ${what}`, allowance });
}
