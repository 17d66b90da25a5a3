import { fromJson, toJson } from "../journal/exact-json.ts";
import type { Json, SnapshotPart } from "../journal/snapshot-part.ts";
import { MARKETS } from "../protocol/spec.ts";
import { entryAfterFill, entryReducedTo, NO_POSITION, type PositionEntry } from "../risk/entry.ts";
import { tradesIn } from "../sequencer/event-steps.ts";
import type { Accepted } from "../sequencer/outcome.ts";

function entryKey(account: number, market: number): number {
  return account * MARKETS + market;
}

/** A position's lots as the exchange has them. */
export type PositionLots = (account: number, market: number) => number;

interface Traded {
  account: number;
  market: number;
  /** Signed. */
  lots: bigint;
  priceTicks: bigint;
}

/**
 * What open positions were bought or sold for: a read model of the fills. Liquidations, deleveraging, forced exits and settlement change positions
 * without an order; they only shrink them, so that a smaller position than expected keeps its mean price.
 */
export class EntryValues {
  private readonly positionLots: PositionLots;
  private readonly entries = new Map<number, PositionEntry>();

  constructor(positionLots: PositionLots) {
    this.positionLots = positionLots;
  }

  /** Takes one command in, after it was executed. */
  record({ steps }: Accepted): void {
    const fills = tradesIn(steps).flatMap(({ trade }) => tradedIn(trade));
    const sums = new Map<number, bigint>();
    for (const { account, market, lots } of fills) {
      const key = entryKey(account, market);
      sums.set(key, (sums.get(key) ?? 0n) + lots);
    }
    for (const [key, lots] of sums) this.meet(key, this.sizeOf(key) - lots);
    for (const { account, market, lots, priceTicks } of fills) {
      const key = entryKey(account, market);
      const known = this.entries.get(key);
      // What a position of unknown cost was opened for is known again once it has been closed.
      if (known !== undefined) this.entries.set(key, entryAfterFill(known, lots, priceTicks));
    }
    for (const key of sums.keys()) if (this.sizeOf(key) === 0n) this.entries.delete(key);
  }

  /** What is kept over a restart. It follows the ledger of the very moment, as {@link record} does. */
  part(): SnapshotPart {
    return {
      name: "entry-values",
      moment: "accepted",
      take: () => [...this.entries].sort(([a], [b]) => a - b).map(([key, entry]) => [key, toJson({ ...entry })]),
      restore: (values) => {
        for (const [key, entry] of values as readonly [number, Json][]) {
          this.entries.set(key, fromJson(entry) as unknown as PositionEntry);
        }
      },
    };
  }

  /** Without sign; null when there is no position, or one that is older than what was recorded. */
  entryMicroUsd(account: number, market: number): bigint | null {
    const key = entryKey(account, market);
    const sizeLots = this.sizeOf(key);
    const known = this.entries.get(key);
    if (sizeLots === 0n || known === undefined || !covers(known.sizeLots, sizeLots)) return null;
    return entryReducedTo(known, sizeLots).entryMicroUsd;
  }

  /** Brings what is known to the size that the position had before the fills of a command. */
  private meet(key: number, sizeLots: bigint): void {
    const known = this.entries.get(key) ?? NO_POSITION;
    if (covers(known.sizeLots, sizeLots)) this.entries.set(key, entryReducedTo(known, sizeLots));
    else this.entries.delete(key);
  }

  private sizeOf(key: number): bigint {
    const market = key % MARKETS;
    return BigInt(this.positionLots((key - market) / MARKETS, market));
  }
}

/** What accounts traded by orders of theirs. */
function tradedIn(trade: ReturnType<typeof tradesIn>[number]["trade"]): Traded[] {
  const legs = trade.kind === "fill" ? [trade.maker, trade.taker] : [trade.maker];
  return legs.map(({ order: { account, market, side } }) => {
    const lots = BigInt(side === "buy" ? trade.quantityLots : -trade.quantityLots);
    return { account, market, lots, priceTicks: BigInt(trade.priceTicks) };
  });
}

/** Whether a position can be what is left of another. */
function covers(known: bigint, left: bigint): boolean {
  return known < 0n ? left <= 0n && left >= known : left >= 0n && left <= known;
}
