/** So many at once, and so many a second over time. */
export interface Budget {
  readonly perSecond: number;
  readonly burst: number;
}

/** What a request finds in its bucket. */
export interface Allowance {
  readonly allowed: boolean;
  readonly limit: number;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Until the bucket is full again. */
  readonly resetMs: number;
  /** Until the request would be allowed; 0 when it is. */
  readonly retryAfterMs: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets kept for one kind of key; beyond, the longest untouched is forgotten, which only fills it. */
const DEFAULT_KEYS_MAX = 50_000;

/** A token bucket for each key. The clock only moves forward: a step of the wall clock opens no gate and closes none. */
export class TokenBuckets<Key> {
  readonly budget: Budget;
  private readonly monotonicMs: () => number;
  private readonly keysMax: number;
  /** In order of last use. */
  private readonly buckets = new Map<Key, Bucket>();

  constructor(budget: Budget, monotonicMs: () => number = () => performance.now(), keysMax = DEFAULT_KEYS_MAX) {
    if (!(budget.perSecond > 0 && budget.burst >= 1))
      throw new RangeError("a budget needs a rate and a burst of 1 or more");
    this.budget = budget;
    this.monotonicMs = monotonicMs;
    this.keysMax = keysMax;
  }

  /** Takes tokens, or none when there are too few. A cost above the burst is taken once the bucket is full. */
  take(key: Key, cost = 1): Allowance {
    const bucket = this.refilled(key);
    const needed = Math.min(cost, this.budget.burst);
    const allowed = bucket.tokens >= needed;
    if (allowed) bucket.tokens -= cost;
    return this.allowance(bucket, allowed, needed);
  }

  /** Puts tokens back that were taken for nothing. */
  give(key: Key, count = 1): void {
    const bucket = this.refilled(key);
    bucket.tokens = Math.min(this.budget.burst, bucket.tokens + count);
  }

  /** What is there; nothing is taken. */
  look(key: Key, cost = 1): Allowance {
    const bucket = this.refilled(key);
    return this.allowance(bucket, bucket.tokens >= cost, cost);
  }

  private refilled(key: Key): Bucket {
    const nowMs = this.monotonicMs();
    const { perSecond, burst } = this.budget;
    const bucket = this.buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1_000);
    bucket.atMs = nowMs;
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    if (this.buckets.size > this.keysMax) {
      const [oldest] = this.buckets.keys();
      this.buckets.delete(oldest as Key);
    }
    return bucket;
  }

  private allowance({ tokens }: Bucket, allowed: boolean, needed: number): Allowance {
    const { perSecond, burst } = this.budget;
    return {
      allowed,
      limit: burst,
      remaining: Math.max(0, Math.floor(tokens)),
      resetMs: ((burst - tokens) / perSecond) * 1_000,
      retryAfterMs: allowed ? 0 : ((needed - tokens) / perSecond) * 1_000,
    };
  }
}
