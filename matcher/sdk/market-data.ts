import type { WireAccount, WireMarket, WireMarkets, WireOrderbook } from "../protocol/api-wire.ts";
import { microUsdFromUsd, parseDecimal, picoUsdFromUsd } from "../protocol/decimal.ts";
import type { EpochMarket } from "../protocol/epoch.ts";
import { defineMarket, type Market } from "../protocol/market.ts";
import type { Side } from "../protocol/message.ts";
import type { OrderLimits } from "../protocol/order-limits.ts";
import { MARKETS } from "../protocol/spec.ts";
import type { AdmissionState } from "../risk/admission.ts";
import { closedMarket, compileEpoch, type EpochTerms } from "../risk/epoch-terms.ts";
import type { Position } from "../risk/margin.ts";
import { markPriceTicks } from "../risk/mark-price.ts";
import type { PreviewLevel } from "../risk/preview.ts";

/** A market as it never changes, and as it was served. */
interface ServedMarket {
  readonly market: Market;
  readonly wire: WireMarket;
}

function ticksOf(market: Market, usd: string | null): number | null {
  return usd === null ? null : Number(parseDecimal(usd, market.tickDecimals, `the ${market.symbol} price`));
}

function lotsOf(market: Market, base: string): bigint {
  return parseDecimal(base, market.lotDecimals, `the ${market.symbol} size`);
}

/** The market's terms of the epoch. Accounts are served with funding settled, so that the index is not needed. */
function epochMarketOf({ market, wire }: ServedMarket): EpochMarket {
  const { imfPpm, mmfPpm, restricted, retired, isolatedOnly } = wire;
  const terms = {
    ...closedMarket(),
    imfPpm,
    mmfPpm,
    grossOpenInterestCapLots: lotsOf(market, wire.openInterestCap),
    restricted,
    retired,
    isolatedOnly,
    positionCapLots: lotsOf(market, wire.positionCap),
  };
  const [priceTicks, priceMinTicks, priceMaxTicks] = [wire.indexPrice, wire.priceMin, wire.priceMax].map((usd) =>
    ticksOf(market, usd),
  );
  if (priceTicks == null || priceMinTicks == null || priceMaxTicks == null) return terms;
  return { ...terms, priceTicks, priceMinTicks, priceMaxTicks };
}

/** What GET /v1/markets said, in the numbers that the risk rules work with: the matcher's own terms, to the unit. */
export class MarketData {
  readonly epochNumber: number;
  readonly terms: EpochTerms;
  readonly grossOpenInterestLots: readonly bigint[];
  readonly openOrdersMax: number;
  private readonly bySymbol: ReadonlyMap<string, ServedMarket>;
  private readonly byIndex: readonly (ServedMarket | undefined)[];

  constructor({ markets, epoch, rebateCapPpm, liquidation, openOrdersPerAccountMax }: WireMarkets) {
    const served = markets.map((wire): ServedMarket => {
      return { market: defineMarket(wire.index, wire.symbol, wire.tickUsd, wire.lotBase), wire };
    });
    this.bySymbol = new Map(served.map((entry) => [entry.wire.symbol, entry]));
    this.byIndex = Array.from({ length: MARKETS }, (_, index) => served.find(({ market }) => market.index === index));
    this.epochNumber = epoch.number;
    this.openOrdersMax = openOrdersPerAccountMax;
    this.terms = compileEpoch({
      number: epoch.number,
      timeSeconds: epoch.timeSeconds,
      rebateCapPpm,
      liquidation: {
        feeCapPpm: liquidation.feeCapPpm,
        spreadPpm: liquidation.spreadPpm,
        bankruptcyAdjustmentPpm: liquidation.bankruptcyAdjustmentPpm,
        insuranceCapMicroUsd: microUsdFromUsd(liquidation.insuranceCap),
      },
      markets: this.byIndex.map((entry) => (entry === undefined ? closedMarket() : epochMarketOf(entry))),
    });
    this.grossOpenInterestLots = this.byIndex.map((entry) =>
      entry === undefined ? 0n : lotsOf(entry.market, entry.wire.openInterest),
    );
  }

  get symbols(): string[] {
    return [...this.bySymbol.keys()];
  }

  /** @throws RangeError naming the markets there are */
  market(symbol: string): Market {
    return this.served(symbol).market;
  }

  /** As it was served. @throws RangeError naming the markets there are */
  wire(symbol: string): WireMarket {
    return this.served(symbol).wire;
  }

  /** By index. @throws RangeError for one that is not served */
  marketAt(index: number): Market {
    const entry = this.byIndex[index];
    if (entry === undefined) throw new RangeError(`no market ${index}`);
    return entry.market;
  }

  limits(symbol: string): OrderLimits {
    const { market, wire } = this.served(symbol);
    return {
      priceStepTicks: ticksOf(market, wire.priceStep) as number,
      quantityStepLots: Number(lotsOf(market, wire.sizeStep)),
      quantityMinLots: Number(lotsOf(market, wire.sizeMin)),
      quantityMaxLots: Number(lotsOf(market, wire.sizeMax)),
      notionalMinMicroUsd: Number(microUsdFromUsd(wire.notionalMin)),
    };
  }

  /** See risk/mark-price.ts. */
  markTicks(symbol: string): number {
    const { market, wire } = this.served(symbol);
    const terms = this.terms.epoch.markets[market.index] as EpochMarket;
    return markPriceTicks({
      indexTicks: terms.priceTicks,
      bidTicks: ticksOf(market, wire.bestBid),
      askTicks: ticksOf(market, wire.bestAsk),
      lastTradeTicks: ticksOf(market, wire.lastPrice),
      priceMinTicks: terms.priceMinTicks,
      priceMaxTicks: terms.priceMaxTicks,
    });
  }

  /** The levels that an order of this side would take from. */
  levelsFor(side: Side, { market: symbol, asks, bids }: WireOrderbook): PreviewLevel[] {
    const { market } = this.served(symbol);
    return (side === "buy" ? asks : bids).map(([price, size]) => ({
      priceTicks: ticksOf(market, price) as number,
      quantityLots: Number(lotsOf(market, size)),
    }));
  }

  /** An account as margin sees it. */
  positionOf({ collateral, positions }: WireAccount): Position {
    const sizesLots = new Array<bigint>(MARKETS).fill(0n);
    for (const { market: symbol, size } of positions) {
      const { market } = this.served(symbol);
      sizesLots[market.index] = lotsOf(market, size);
    }
    return { collateralPicoUsd: picoUsdFromUsd(collateral), sizesLots };
  }

  /** The one market that an isolated account trades. */
  isolatedMarketOf({ isolatedMarket }: WireAccount): number | null {
    return isolatedMarket === null ? null : this.market(isolatedMarket).index;
  }

  /** What the matcher would judge an order of the account by. */
  admissionStateOf(account: WireAccount): AdmissionState {
    return {
      terms: this.terms,
      grossOpenInterestLots: this.grossOpenInterestLots,
      position: this.positionOf(account),
      feeRates: { makerPpm: account.makerFeePpm, takerPpm: account.takerFeePpm },
      isolatedMarket: this.isolatedMarketOf(account),
    };
  }

  private served(symbol: string): ServedMarket {
    const entry = this.bySymbol.get(symbol);
    if (entry === undefined) throw new RangeError(`no market ${symbol}; there are ${this.symbols.join(", ")}`);
    return entry;
  }
}
