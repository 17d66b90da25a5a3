import { parseDecimal } from "../protocol/decimal.ts";
import { type ChecksumLevel, depthChecksum } from "../protocol/depth-checksum.ts";
import { baseFromLots, type Market, usdFromPriceTicks } from "../protocol/market.ts";
import type { WireBookSnapshot, WireBookUpdate } from "../protocol/stream-wire.ts";

/** Levels a side that checksums cover. */
const CHECKSUM_LEVELS = 25;

export interface BookLevel extends ChecksumLevel {
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly orders: number;
  /** USD. */
  readonly price: string;
  /** Units of the base asset. */
  readonly size: string;
}

/** The copy is not what the exchange has: a message is missing, or one was changed on its way. Take a new snapshot. */
export class BookOutOfSync extends Error {
  constructor(market: string, what: string) {
    super(`the copy of the ${market} book is out of step: ${what}`);
    this.name = "BookOutOfSync";
  }
}

/** One side, best price first. */
class BookSide {
  readonly levels: BookLevel[] = [];
  private readonly sign: 1 | -1;

  /** @param sign 1 where the highest price is the best */
  constructor(sign: 1 | -1) {
    this.sign = sign;
  }

  set(level: BookLevel): void {
    let low = 0;
    let high = this.levels.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sign * ((this.levels[middle] as BookLevel).priceTicks - level.priceTicks) > 0) low = middle + 1;
      else high = middle;
    }
    const isThere = this.levels[low]?.priceTicks === level.priceTicks;
    if (level.quantityLots === 0 && level.orders === 0) this.levels.splice(low, isThere ? 1 : 0);
    else this.levels.splice(low, isThere ? 1 : 0, level);
  }
}

/** A copy of a market's book, kept by the messages of its stream and checked against the checksum of each. */
export class LocalBook {
  readonly market: Market;
  private bidSide = new BookSide(1);
  private askSide = new BookSide(-1);
  private lastSequence = 0;

  constructor(market: Market) {
    this.market = market;
  }

  /** Of the latest event in it. */
  get sequence(): number {
    return this.lastSequence;
  }

  /** Best first. */
  bids(levelsMax = Number.MAX_SAFE_INTEGER): BookLevel[] {
    return this.bidSide.levels.slice(0, levelsMax);
  }

  /** Best first. */
  asks(levelsMax = Number.MAX_SAFE_INTEGER): BookLevel[] {
    return this.askSide.levels.slice(0, levelsMax);
  }

  get bestBid(): BookLevel | null {
    return this.bidSide.levels[0] ?? null;
  }

  get bestAsk(): BookLevel | null {
    return this.askSide.levels[0] ?? null;
  }

  checksum(): number {
    return depthChecksum(this.bids(CHECKSUM_LEVELS), this.asks(CHECKSUM_LEVELS));
  }

  /** Starts afresh. @throws BookOutOfSync */
  reset({ sequence, bids, asks, checksum }: WireBookSnapshot): void {
    this.bidSide = new BookSide(1);
    this.askSide = new BookSide(-1);
    for (const level of bids) this.bidSide.set(this.level(level));
    for (const level of asks) this.askSide.set(this.level(level));
    this.lastSequence = sequence;
    this.verify(checksum);
  }

  /** Takes changes in. @throws BookOutOfSync; {@link reset} it then */
  apply({ previousSequence, sequence, bids, asks, checksum }: WireBookUpdate): void {
    if (previousSequence !== this.lastSequence) {
      const what = `changes after ${previousSequence} came, and it is at ${this.lastSequence}`;
      throw new BookOutOfSync(this.market.symbol, what);
    }
    for (const level of bids) this.bidSide.set(this.level(level));
    for (const level of asks) this.askSide.set(this.level(level));
    this.lastSequence = sequence;
    this.verify(checksum);
  }

  private verify(checksum: number): void {
    const own = this.checksum();
    if (own === checksum) return;
    const what = `its checksum is ${own}, and ${checksum} was sent with sequence ${this.lastSequence}`;
    throw new BookOutOfSync(this.market.symbol, what);
  }

  private level([price, size, orders]: readonly [string, string, number]): BookLevel {
    const { market } = this;
    const priceTicks = Number(parseDecimal(price, market.tickDecimals, `the ${market.symbol} price`));
    const quantityLots = Number(parseDecimal(size, market.lotDecimals, `the ${market.symbol} size`));
    return {
      priceTicks,
      quantityLots,
      orders,
      price: usdFromPriceTicks(market, priceTicks),
      size: baseFromLots(market, quantityLots),
    };
  }
}
