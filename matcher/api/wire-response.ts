import type {
  WireAccount,
  WireBatch,
  WireFill,
  WireFinality,
  WireMarket,
  WireOrder,
  WireTrade,
  WireTransfer,
  WireWithdrawal,
} from "../protocol/api-wire.ts";
import { usdFromMicroUsd, usdFromPicoUsd } from "../protocol/decimal.ts";
import type { WireInsurance, WirePosition } from "../protocol/margin-wire.ts";
import { baseFromLots, type Market, usdFromPriceTicks } from "../protocol/market.ts";
import type { OrderLimits } from "../protocol/order-limits.ts";
import type { WireBalance } from "../protocol/wire/account.ts";
import { marginMode, wireLossLimit, wireMargin } from "../risk/wire-figures.ts";
import { type AccountView, leafPositions, type MarketView } from "../sequencer/exchange-view.ts";
import type { Finality, ProvenBatch } from "../sequencer/finality.ts";
import type { InsuranceView } from "../sequencer/margin-view.ts";
import type { FillRecord, OrderRecord, TransferRecord, WithdrawalRecord } from "./history.ts";

/** Turns records into what goes over the wire. */
export class Wire {
  private readonly finality: Finality;
  private readonly markets: readonly (Market | null)[];

  /** @param markets by index; null where there is none */
  constructor(finality: Finality, markets: readonly (Market | null)[]) {
    this.finality = finality;
    this.markets = markets;
  }

  market(index: number): Market {
    const market = this.markets[index];
    if (market === undefined || market === null) throw new Error(`no market ${index}`);
    return market;
  }

  /** @param step the step that proves it, or null when nothing was executed yet */
  finalityOf(step: number | null): WireFinality {
    if (step === null) return { label: "accepted", batchNumber: null, txHash: null };
    const batch = this.finality.batchOf(step);
    if (batch === null) return { label: "matched", batchNumber: null, txHash: null };
    return { label: "proven", batchNumber: batch.batchNumber, txHash: batch.txHash };
  }

  order(record: OrderRecord): WireOrder {
    const market = this.market(record.market);
    return {
      id: `${record.slot}-${record.sequence}`,
      account: record.account,
      slot: record.slot,
      sequence: record.sequence,
      market: market.symbol,
      side: record.side,
      price: usdFromPriceTicks(market, record.priceTicks),
      size: baseFromLots(market, record.quantityLots),
      filledSize: baseFromLots(market, record.filledLots),
      remainingSize: baseFromLots(market, record.remainingLots),
      status: record.closed === null ? "open" : "closed",
      reason: record.closed,
      clientId: record.clientId,
      command: record.command,
      acceptedAtMs: record.acceptedAtMs,
      updatedAtMs: record.updatedAtMs,
      finality: this.finalityOf(record.lastFillStep),
    };
  }

  trade(fill: FillRecord): WireTrade {
    const market = this.market(fill.market);
    return {
      tradeId: fill.tradeId,
      market: market.symbol,
      price: usdFromPriceTicks(market, fill.priceTicks),
      size: baseFromLots(market, fill.quantityLots),
      takerSide: fill.takerSide,
      liquidation: fill.liquidation,
      exit: fill.exit,
      atMs: fill.atMs,
      finality: this.finalityOf(fill.step),
    };
  }

  /** A fill as one of its two accounts sees it. */
  fill(fill: FillRecord, account: number): WireFill {
    const market = this.market(fill.market);
    const role = fill.taker.account === account ? "taker" : "maker";
    const makerSide = fill.takerSide === "buy" ? "sell" : "buy";
    const side = fill[role];
    const hasOrder = role === "maker" || !(fill.liquidation || fill.exit);
    return {
      tradeId: fill.tradeId,
      market: market.symbol,
      side: role === "taker" ? fill.takerSide : makerSide,
      role,
      price: usdFromPriceTicks(market, fill.priceTicks),
      size: baseFromLots(market, fill.quantityLots),
      fee: usdFromPicoUsd(side.feePicoUsd),
      slot: hasOrder ? side.slot : null,
      sequence: hasOrder ? side.sequence : null,
      liquidation: fill.liquidation,
      exit: fill.exit,
      atMs: fill.atMs,
      finality: this.finalityOf(fill.step),
    };
  }

  withdrawal({ account, nonce, amountMicroUsd, atMs, step }: WithdrawalRecord): WireWithdrawal {
    return { account, nonce, amount: usdFromMicroUsd(amountMicroUsd), atMs, finality: this.finalityOf(step) };
  }

  transfer({ to, nonce, ...record }: TransferRecord): WireTransfer {
    return { ...this.withdrawal({ ...record, nonce }), nonce, to };
  }

  batch({ batchNumber, txHash, steps, provenAtMs, details }: ProvenBatch): WireBatch {
    return { batchNumber, txHash, firstStep: steps.first, lastStep: steps.last, provenAtMs, details };
  }

  account(view: AccountView, positions: WirePosition[], balance: WireBalance): WireAccount {
    const { isolatedMarket, figures } = view;
    const proven = this.finality.account(view.account);
    return {
      account: view.account,
      owner: `0x${view.owner.toString(16).padStart(40, "0")}`,
      key: { ax: view.ax.toString(), ay: view.ay.toString() },
      epochNumber: view.epochNumber,
      mode: marginMode(isolatedMarket),
      isolatedMarket: this.symbolOrNull(isolatedMarket),
      lossLimit: wireLossLimit(isolatedMarket, figures),
      collateral: usdFromPicoUsd(view.collateralPicoUsd),
      balance,
      ...wireMargin(figures),
      positions,
      withdrawalNonce: view.withdrawalNonce,
      minSequence: view.minSequence,
      leaving: view.leaving,
      openOrders: view.openOrders,
      feeTier: view.feeTier,
      makerFeePpm: view.feeRates.makerPpm,
      takerFeePpm: view.feeRates.takerPpm,
      proven:
        proven === null
          ? null
          : {
              batchNumber: proven.batch.batchNumber,
              txHash: proven.batch.txHash,
              collateral: usdFromPicoUsd(proven.leaf.collateralPicoUsd),
              positions: leafPositions(proven.leaf).map(({ market, sizeLots }) => ({
                market: this.market(market).symbol,
                size: baseFromLots(this.market(market), sizeLots),
              })),
            },
    };
  }

  /** @param lastTicks newest trade */
  marketState(
    view: MarketView,
    limits: OrderLimits,
    { lastTicks, markTicks }: { lastTicks: number | null; markTicks: number },
  ): WireMarket {
    const market = this.market(view.market);
    const { terms, live } = view;
    const price = (ticks: number | null | undefined) =>
      ticks === null || ticks === undefined ? null : usdFromPriceTicks(market, ticks);
    const retired = terms?.retired ?? false;
    return {
      index: market.index,
      symbol: market.symbol,
      status: live ? "live" : "closed",
      tickUsd: market.tickUsd,
      lotBase: market.lotBase,
      indexPrice: live ? price(terms?.priceTicks) : null,
      markPrice: live ? price(markTicks) : null,
      lastPrice: price(lastTicks),
      priceMin: live ? price(terms?.priceMinTicks) : null,
      priceMax: live ? price(terms?.priceMaxTicks) : null,
      imfPpm: terms?.imfPpm ?? 0,
      mmfPpm: terms?.mmfPpm ?? 0,
      restricted: terms?.restricted ?? false,
      retired,
      settlementPrice: retired ? price(terms?.priceTicks) : null,
      isolatedOnly: terms?.isolatedOnly ?? false,
      positionCap: baseFromLots(market, terms?.positionCapLots ?? 0n),
      priceStep: usdFromPriceTicks(market, limits.priceStepTicks),
      sizeStep: baseFromLots(market, limits.quantityStepLots),
      sizeMin: baseFromLots(market, limits.quantityMinLots),
      notionalMin: usdFromMicroUsd(BigInt(limits.notionalMinMicroUsd ?? 0)),
      sizeMax: baseFromLots(market, limits.quantityMaxLots),
      bestBid: price(view.bidTicks),
      bestAsk: price(view.askTicks),
      openInterest: baseFromLots(market, view.grossOpenInterestLots),
      openInterestCap: baseFromLots(market, terms?.grossOpenInterestCapLots ?? 0n),
      openOrders: view.openOrders,
    };
  }

  /** Symbol of the market that an account is isolated for. */
  symbolOrNull(market: number | null): string | null {
    return market === null ? null : this.market(market).symbol;
  }

  insurance({ epochNumber, fundPicoUsd, spentPicoUsd, capPicoUsd, availablePicoUsd }: InsuranceView): WireInsurance {
    return {
      epochNumber,
      balance: usdFromPicoUsd(fundPicoUsd),
      spent: usdFromPicoUsd(spentPicoUsd),
      cap: usdFromPicoUsd(capPicoUsd),
      available: usdFromPicoUsd(availablePicoUsd),
    };
  }
}
