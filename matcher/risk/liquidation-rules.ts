import { PICO_PER_MICRO, PPM, WIDTH } from "../protocol/spec.ts";
import type { Closing, ClosingAmounts } from "./bankruptcy.ts";
import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import { type Margin, marginOf, type Position } from "./margin.ts";
import { holdsRestricted, onlyReduces } from "./transition.ts";

/** Fees and payouts have 97 bits: what separates two collaterals. */
const AMOUNT_BOUND = 1n << BigInt(WIDTH.collateralMagnitude + 1);

/** A row of docs/protocol.md §5a: what is closed at which quote, and who pays what. */
export interface ForcedRow extends Closing, ClosingAmounts {
  /** The fund's part of the payout. */
  readonly coveredPicoUsd: bigint;
}

/** What the insurance fund may pay, has paid in the epoch, and holds. */
export interface Insurance {
  readonly capPicoUsd: bigint;
  readonly spentPicoUsd: bigint;
  readonly fundPicoUsd: bigint;
}

/** Rule 3. */
export type InsuranceRefusal = "insurance-cap" | "insurance-fund" | "insurance-not-first";

/** What both kinds of row have in common, by the order of the page. */
type ForcedRefusal =
  | "quantity"
  | "amounts"
  | "price-band"
  | "restricted-position"
  | "not-a-reduction"
  | "below-bankruptcy"
  | "payout-with-fee"
  | "payout-not-least"
  | InsuranceRefusal;

/** Why a liquidation row is not valid. */
export type LiquidationRefusal =
  | ForcedRefusal
  | "maintenance-met"
  | "payout-not-covered"
  | "liquidation-fee"
  | "fillable-price"
  | "least-quantity";

/** Why a deleveraging row is not valid. */
export type DeleveragingRefusal =
  | ForcedRefusal
  | "not-bankrupt"
  | "deleveraging-price"
  | "deleveraging-fee"
  | "counterparty-restricted"
  | "counterparty-not-a-reduction"
  | "counterparty-margin";

/** What an account is in S₀ and at the end of the batch. */
export interface Transition {
  readonly start: Position;
  readonly final: Position;
}

/** Rule 3: the fund pays first, within the epoch's cap and what it holds. @param insurance before the row */
export function insuranceRefusal(
  { payoutPicoUsd, coveredPicoUsd }: ForcedRow,
  { capPicoUsd, spentPicoUsd, fundPicoUsd }: Insurance,
): InsuranceRefusal | undefined {
  const capLeftPicoUsd = capPicoUsd - spentPicoUsd;
  if (coveredPicoUsd > capLeftPicoUsd) return "insurance-cap";
  if (coveredPicoUsd > fundPicoUsd) return "insurance-fund";
  const exhausted = coveredPicoUsd === capLeftPicoUsd || coveredPicoUsd === fundPicoUsd;
  return coveredPicoUsd < payoutPicoUsd && !exhausted ? "insurance-not-first" : undefined;
}

/** The same before the next row. */
export function insuranceAfter({ feePicoUsd, coveredPicoUsd }: ForcedRow, insurance: Insurance): Insurance {
  return {
    capPicoUsd: insurance.capPicoUsd,
    spentPicoUsd: insurance.spentPicoUsd + coveredPicoUsd,
    fundPicoUsd: insurance.fundPicoUsd + feePicoUsd - coveredPicoUsd,
  };
}

/** What the fund pays of a payout by rule 3: all that it can. */
export function coveredPicoUsd(payoutPicoUsd: bigint, { capPicoUsd, spentPicoUsd, fundPicoUsd }: Insurance): bigint {
  const capLeftPicoUsd = capPicoUsd - spentPicoUsd;
  const mostPicoUsd = capLeftPicoUsd < fundPicoUsd ? capLeftPicoUsd : fundPicoUsd;
  return payoutPicoUsd < mostPicoUsd ? payoutPicoUsd : mostPicoUsd;
}

/** The rules of both kinds but the third. */
function forcedRefusal(
  terms: EpochTerms,
  { start, final }: Transition,
  before: Margin,
  after: Margin,
  row: ForcedRow,
): ForcedRefusal | undefined {
  const { quantityLots, quoteMicroUsd, feePicoUsd, payoutPicoUsd, coveredPicoUsd } = row;
  if (quantityLots < 1n) return "quantity";
  if (quoteMicroUsd < 0n || feePicoUsd < 0n || coveredPicoUsd < 0n || coveredPicoUsd > payoutPicoUsd) return "amounts";
  if (payoutPicoUsd >= AMOUNT_BOUND || feePicoUsd >= AMOUNT_BOUND) return "amounts";
  if (holdsRestricted(terms, start)) return "restricted-position";
  if (!onlyReduces(start, final)) return "not-a-reduction";
  // The pool nets a batch's quotes: a row without a band could take what the others leave between their prices.
  const { priceMinTicks, priceMaxTicks } = terms.markets[row.market] as MarketTerms;
  if (quoteMicroUsd < priceMinTicks * quantityLots || quoteMicroUsd > priceMaxTicks * quantityLots) return "price-band";
  // 1. The account never gets less than the bankruptcy quote. Bits: TV < 2^109, TR < 2^95: 205.
  const kept = before.valuePicoUsd * after.maintenancePicoUsd;
  if (after.valuePicoUsd * before.maintenancePicoUsd < kept) return "below-bankruptcy";
  // 2. Nobody pays more than that.
  if (payoutPicoUsd === 0n) return undefined;
  if (feePicoUsd !== 0n) return "payout-with-fee";
  return (after.valuePicoUsd - PICO_PER_MICRO) * before.maintenancePicoUsd < kept ? undefined : "payout-not-least";
}

/**
 * Rule 7: how far the quote may leave the index price, against the account, is spread × the maintenance margin of what is closed, in
 * proportion to how far below maintenance the account is. Bits: 231.
 */
function fillablePriceHolds(terms: EpochTerms, before: Margin, row: Closing): boolean {
  const { spreadPpm, bankruptcyAdjustmentPpm } = terms.liquidation;
  const { priceTicks, lotMaintenancePicoUsd } = terms.markets[row.market] as MarketTerms;
  const { valuePicoUsd, maintenancePicoUsd } = before;
  const fullPico = BigInt(PPM) * maintenancePicoUsd;
  const shortPico = BigInt(bankruptcyAdjustmentPpm) * (maintenancePicoUsd - valuePicoUsd);
  const adjustmentPico = shortPico < fullPico ? shortPico : fullPico;
  const aboveMicroUsd = row.quoteMicroUsd - row.quantityLots * priceTicks;
  const betterMicroUsd = row.side === "sell" ? aboveMicroUsd : -aboveMicroUsd;
  const spread = adjustmentPico * BigInt(spreadPpm) * row.quantityLots * lotMaintenancePicoUsd;
  return betterMicroUsd * 10n ** 18n * maintenancePicoUsd + spread >= 0n;
}

/**
 * The whole predicate of a liquidation row, exactly as the circuit has it. Undefined: the row is valid.
 * @param row sums of all that was joined in the batch
 * @param insurance before the row
 */
export function liquidationRefusal(
  terms: EpochTerms,
  account: Transition,
  row: ForcedRow,
  insurance: Insurance,
): LiquidationRefusal | undefined {
  const before = marginOf(terms, account.start);
  const after = marginOf(terms, account.final);
  // 4. Below maintenance at the start.
  const shortPicoUsd = before.valuePicoUsd - before.maintenancePicoUsd;
  if (shortPicoUsd >= 0n) return "maintenance-met";
  const refusal = forcedRefusal(terms, account, before, after, row);
  if (refusal !== undefined) return refusal;
  // 5. The fund pays all of it: else the book's price is not taken.
  if (row.coveredPicoUsd !== row.payoutPicoUsd) return "payout-not-covered";
  // 6. The fee's cap.
  if (row.feePicoUsd > BigInt(terms.liquidation.feeCapPpm) * row.quoteMicroUsd) return "liquidation-fee";
  // 7. The fillable price.
  if (!fillablePriceHolds(terms, before, row)) return "fillable-price";
  // 8. The least quantity: with one lot less, at the row's mean price, the account would still be below maintenance. Bits: 140.
  const afterPicoUsd = after.valuePicoUsd - after.maintenancePicoUsd;
  if (shortPicoUsd + (row.quantityLots - 1n) * afterPicoUsd >= 0n) return "least-quantity";
  return insuranceRefusal(row, insurance);
}

/** The same for a deleveraging row, whose other side is a counterparty's. */
export function deleveragingRefusal(
  terms: EpochTerms,
  account: Transition,
  counterparty: Transition,
  row: ForcedRow,
  insurance: Insurance,
): DeleveragingRefusal | undefined {
  const before = marginOf(terms, account.start);
  // 9. Bankrupt at the start.
  if (before.valuePicoUsd >= 0n) return "not-bankrupt";
  const refusal = forcedRefusal(terms, account, before, marginOf(terms, account.final), row);
  if (refusal !== undefined) return refusal;
  // 10. At the epoch's price, and no fee.
  const { priceTicks } = terms.markets[row.market] as MarketTerms;
  if (row.quoteMicroUsd !== row.quantityLots * priceTicks) return "deleveraging-price";
  if (row.feePicoUsd !== 0n) return "deleveraging-fee";
  // 11. A counterparty that holds the opposite side and stays safe. Its leg mirrors the account's, so what reduces is opposite.
  if (holdsRestricted(terms, counterparty.start)) return "counterparty-restricted";
  if (!onlyReduces(counterparty.start, counterparty.final)) return "counterparty-not-a-reduction";
  const held = marginOf(terms, counterparty.final);
  if (held.valuePicoUsd < held.maintenancePicoUsd) return "counterparty-margin";
  return insuranceRefusal(row, insurance);
}
