import { depthChecksum } from "../protocol/depth-checksum.ts";
import type { ExchangeEvent } from "../sequencer/exchange-event.ts";
import type { Depth, DepthLevel } from "../sequencer/exchange-view.ts";

/** Levels a side that checksums cover. */
const CHECKSUM_LEVELS = 25;

/** One side of a market by price, the best price last, so that what changes most moves least. */
class DepthSide {
  readonly levels: DepthLevel[];
  readonly changed = new Set<number>();
  private readonly sign: 1 | -1;

  /** @param sign 1 where the highest price is the best */
  constructor(sign: 1 | -1, bestFirst: readonly DepthLevel[]) {
    this.sign = sign;
    this.levels = bestFirst.toReversed().map((level) => ({ ...level }));
  }

  /** @throws Error when less is there than is taken away: the events and this copy tell two stories */
  change(priceTicks: number, lots: number, orders: number): void {
    const at = this.indexOf(priceTicks);
    let level = this.levels[at];
    if (level?.priceTicks !== priceTicks) {
      level = { priceTicks, quantityLots: 0, orderCount: 0 };
      this.levels.splice(at, 0, level);
    }
    level.quantityLots += lots;
    level.orderCount += orders;
    if (level.quantityLots < 0 || level.orderCount < 0)
      throw new Error(`the depth at ${priceTicks} ticks fell below zero`);
    if (level.orderCount === 0) this.levels.splice(at, 1);
    this.changed.add(priceTicks);
  }

  /** 0 and 0 where there is nothing. */
  at(priceTicks: number): DepthLevel {
    const level = this.levels[this.indexOf(priceTicks)];
    return level?.priceTicks === priceTicks ? level : { priceTicks, quantityLots: 0, orderCount: 0 };
  }

  bestFirst(levelsMax: number): DepthLevel[] {
    return this.levels.slice(-levelsMax).reverse();
  }

  /** Levels that changed since this was last asked for, best first. */
  takeChanged(): DepthLevel[] {
    const prices = [...this.changed].sort((a, b) => this.sign * (b - a));
    this.changed.clear();
    return prices.map((priceTicks) => this.at(priceTicks));
  }

  /** Where the price is, or would be. */
  private indexOf(priceTicks: number): number {
    let low = 0;
    let high = this.levels.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sign * ((this.levels[middle] as DepthLevel).priceTicks - priceTicks) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * A market's depth as the durable events tell it: the book itself may be ahead by what a crash would undo. It follows the events and decides
 * nothing.
 */
export class DepthMirror {
  private readonly bids: DepthSide;
  private readonly asks: DepthSide;

  /** @param depth every level, all of it durable */
  constructor({ bids, asks }: Depth) {
    this.bids = new DepthSide(1, bids);
    this.asks = new DepthSide(-1, asks);
  }

  /** Takes an event of this market in. @returns whether it changed the depth */
  take(event: ExchangeEvent): boolean {
    switch (event.type) {
      case "booked":
        this.side(event.side).change(event.priceTicks, event.remainingLots, 1);
        return true;
      case "fill":
        // The maker's side; its order leaves by an event of its own.
        this.side(event.takerSide === "buy" ? "sell" : "buy").change(event.priceTicks, -event.quantityLots, 0);
        return true;
      case "decremented":
        if (event.rested) this.side(event.side).change(event.priceTicks, -event.decrementLots, 0);
        return event.rested;
      case "removed":
        if (event.rested) this.side(event.side).change(event.priceTicks, -event.remainingLots, -1);
        return event.rested;
      default:
        return false;
    }
  }

  get hasChanged(): boolean {
    return this.bids.changed.size > 0 || this.asks.changed.size > 0;
  }

  /** Levels that changed since this was last asked for, as they are now. */
  takeChanges(): Depth {
    return { bids: this.bids.takeChanged(), asks: this.asks.takeChanged() };
  }

  depth(levelsMax = Number.MAX_SAFE_INTEGER): Depth {
    return { bids: this.bids.bestFirst(levelsMax), asks: this.asks.bestFirst(levelsMax) };
  }

  checksum(): number {
    const { bids, asks } = this.depth(CHECKSUM_LEVELS);
    return depthChecksum(bids, asks);
  }

  private side(side: "buy" | "sell"): DepthSide {
    return side === "buy" ? this.bids : this.asks;
  }
}
