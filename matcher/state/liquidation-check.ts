import type { Side } from "../protocol/message.ts";
import { INSURANCE_ACCOUNT, PICO_PER_MICRO } from "../protocol/spec.ts";
import { closingAmounts } from "../risk/bankruptcy.ts";
import type { EpochTerms, MarketTerms } from "../risk/epoch-terms.ts";
import * as fees from "../risk/fees.ts";
import * as forced from "../risk/liquidation-rules.ts";
import type { AccountRecord } from "./account-record.ts";
import * as records from "./account-record.ts";
import { type CheckedLeg, checkLeg, type FillRefusal, grossGrowth } from "./fill-check.ts";
import type { LedgerState } from "./ledger-state.ts";
import type { DeleveragingProposal, DeleveragingStep, LiquidationFill, LiquidationStep } from "./step.ts";

/** Why no row may name an account as the liquidated one. */
type LiquidatedRefusal = "unknown-account" | "insurance-account" | "no-insurance-account" | "collateral-range";

/** "ok", or who is at fault and why. What is refused for the insurance's sake is left to deleveraging. */
export type LiquidationVerdict =
  | "ok"
  | `maker-refused:${FillRefusal}`
  | `account-refused:${forced.LiquidationRefusal | LiquidatedRefusal | "self-trade" | "market-not-live" | "price-band"}`;

/** "ok", or why not. What begins with "counterparty" is for the next one to do better. */
export type DeleveragingVerdict =
  | "ok"
  | forced.DeleveragingRefusal
  | LiquidatedRefusal
  | "counterparty-unknown"
  | "counterparty-collateral-range";

/** A forced row that may be applied, worked out: the account, the fund and the other side after it. */
interface CheckedForced<S, Other> {
  step: S;
  record: AccountRecord;
  fund: AccountRecord;
  other: Other;
  /** What the fund pays. */
  coveredPicoUsd: bigint;
  /** Growth of the market's Σ|size|. */
  grossDeltaLots: bigint;
}
export type CheckedLiquidation = CheckedForced<LiquidationStep, CheckedLeg>;
export type CheckedDeleveraging = CheckedForced<DeleveragingStep, AccountRecord>;

/** What is left of the insurance fund and of its cap in the epoch; nothing in the fund before its account is registered. */
export function insuranceOf(state: LedgerState, terms: EpochTerms): forced.Insurance {
  return {
    capPicoUsd: terms.liquidation.insuranceCapMicroUsd * PICO_PER_MICRO,
    spentPicoUsd: state.shared.insuranceSpentPicoUsd,
    fundPicoUsd: state.record(INSURANCE_ACCOUNT)?.collateralPicoUsd ?? 0n,
  };
}

/** The account that is to be liquidated and the fund, settled: S₀ of a fresh batch. */
function parties(
  state: LedgerState,
  terms: EpochTerms,
  account: number,
): { start: AccountRecord; fund: AccountRecord } | LiquidatedRefusal {
  if (account === INSURANCE_ACCOUNT) return "insurance-account";
  const stored = state.record(account);
  if (stored === undefined) return "unknown-account";
  const fund = state.record(INSURANCE_ACCOUNT);
  if (fund === undefined) return "no-insurance-account";
  return { start: records.settled(stored, terms), fund: records.settled(fund, terms) };
}

/** The position of who is liquidated, after a row. */
export function afterForced(record: AccountRecord, row: forced.ForcedRow): AccountRecord {
  const { market, side, quantityLots, quoteMicroUsd, feePicoUsd, payoutPicoUsd } = row;
  return records.withTrade(record, market, side === "buy", quantityLots, quoteMicroUsd, feePicoUsd - payoutPicoUsd);
}

/** The counterparty's mirror image of it: it pays what the fund does not. */
export function afterMirrored(record: AccountRecord, row: forced.ForcedRow): AccountRecord {
  const { market, side, quantityLots, quoteMicroUsd, payoutPicoUsd, coveredPicoUsd } = row;
  const owedPicoUsd = payoutPicoUsd - coveredPicoUsd;
  return records.withTrade(record, market, side === "sell", quantityLots, quoteMicroUsd, owedPicoUsd);
}

/** @throws RangeError for something that is no fill at all: a bug of the matcher, not a refusal */
function assertWellFormed({ maker, market, side, priceTicks, quantityLots }: LiquidationFill): void {
  if (maker.market !== market) throw new RangeError(`markets ${maker.market} and ${market} in one fill`);
  if (maker.side === side) throw new RangeError(`two orders to ${side} in one fill`);
  if (!Number.isSafeInteger(priceTicks) || priceTicks < 1) throw new RangeError(`a fill at ${priceTicks} ticks`);
  if (!Number.isSafeInteger(quantityLots) || quantityLots < 1) throw new RangeError(`a fill of ${quantityLots} lots`);
}

/** As for any fill: a maker on the aggressive side of the band has to go, on the passive side every one behind it is outside too. */
function bandVerdict(terms: EpochTerms, { maker, priceTicks }: LiquidationFill): LiquidationVerdict {
  const market = terms.markets[maker.market] as MarketTerms;
  const aggressive = maker.side === "sell" ? priceTicks < market.priceMinTicks : priceTicks > market.priceMaxTicks;
  return aggressive ? "maker-refused:price-band" : "account-refused:price-band";
}

/**
 * Whether a liquidation is provable alone in a fresh batch, and what it entails: above the bankruptcy quote the fund takes the whole fee
 * that is allowed, below it the fund pays what is missing. Changes nothing.
 */
export function checkLiquidation(
  state: LedgerState,
  terms: EpochTerms,
  fill: LiquidationFill,
): CheckedLiquidation | LiquidationVerdict {
  assertWellFormed(fill);
  const { account, market, side, maker, priceTicks, quantityLots } = fill;
  if (maker.account === account) return "account-refused:self-trade";
  const found = parties(state, terms, account);
  if (typeof found === "string") return `account-refused:${found}`;
  // 1. The maker's row is an order's row like any other.
  const quantity = BigInt(quantityLots);
  const quoteMicroUsd = BigInt(priceTicks) * quantity;
  const makerFee = fees.feePicoUsd(Math.max(0, fill.makerFeePpm), quoteMicroUsd);
  const made = checkLeg(state, terms, maker, quantityLots, quantity, quoteMicroUsd, makerFee);
  if (typeof made === "string") {
    if (made === "price-band") return bandVerdict(terms, fill);
    return made === "market-not-live" ? "account-refused:market-not-live" : `maker-refused:${made}`;
  }
  // 2. The account's row. Its amounts are the only ones that rules 1, 2 and 5 leave, but for a smaller fee.
  const closing = { market, side, quantityLots: quantity, quoteMicroUsd };
  const amounts = closingAmounts(terms, found.start, closing);
  const row: forced.ForcedRow = { ...closing, ...amounts, coveredPicoUsd: amounts.payoutPicoUsd };
  const record = afterForced(found.start, row);
  const insurance = insuranceOf(state, terms);
  const refusal = forced.liquidationRefusal(terms, { start: found.start, final: record }, row, insurance);
  if (refusal !== undefined) return `account-refused:${refusal}`;
  const fund = { ...found.fund, collateralPicoUsd: forced.insuranceAfter(row, insurance).fundPicoUsd };
  if (!records.collateralInRange(record) || !records.collateralInRange(fund)) return "account-refused:collateral-range";
  // 3. The open interest's cap holds by itself: the account gives up as much as the maker can take.
  const grossDeltaLots = grossGrowth(state, maker.account, market, made.record) - quantity;
  const { feePicoUsd, payoutPicoUsd } = row;
  const step: LiquidationStep = {
    kind: "liquidation",
    account,
    market,
    side,
    priceTicks,
    quantityLots,
    quoteMicroUsd,
    feePicoUsd,
    payoutPicoUsd,
    maker: { order: maker, feePicoUsd: makerFee },
  };
  return { step, record, fund, other: made, coveredPicoUsd: row.coveredPicoUsd, grossDeltaLots };
}

/** Whether a deleveraging is provable alone in a fresh batch, and what it entails. Changes nothing. */
export function checkDeleveraging(
  state: LedgerState,
  terms: EpochTerms,
  { account, counterparty, market, quantityLots }: DeleveragingProposal,
): CheckedDeleveraging | DeleveragingVerdict {
  if (!Number.isSafeInteger(quantityLots) || quantityLots < 1)
    throw new RangeError(`a deleveraging of ${quantityLots} lots`);
  if (account === counterparty) throw new RangeError(`account ${account} against itself`);
  const found = parties(state, terms, account);
  if (typeof found === "string") return found;
  const other = counterparty === INSURANCE_ACCOUNT ? undefined : state.record(counterparty);
  if (other === undefined) return "counterparty-unknown";
  const side: Side = (found.start.sizesLots[market] as bigint) > 0n ? "sell" : "buy";
  const quantity = BigInt(quantityLots);
  const quoteMicroUsd = quantity * (terms.markets[market] as MarketTerms).priceTicks;
  const closing = { market, side, quantityLots: quantity, quoteMicroUsd };
  const insurance = insuranceOf(state, terms);
  const { payoutPicoUsd } = closingAmounts(terms, found.start, closing);
  const coveredPicoUsd = forced.coveredPicoUsd(payoutPicoUsd, insurance);
  const row: forced.ForcedRow = { ...closing, feePicoUsd: 0n, payoutPicoUsd, coveredPicoUsd };
  const record = afterForced(found.start, row);
  const otherStart = records.settled(other, terms);
  const otherRecord = afterMirrored(otherStart, row);
  const refusal = forced.deleveragingRefusal(
    terms,
    { start: found.start, final: record },
    { start: otherStart, final: otherRecord },
    row,
    insurance,
  );
  if (refusal !== undefined) return refusal;
  const fund = { ...found.fund, collateralPicoUsd: forced.insuranceAfter(row, insurance).fundPicoUsd };
  if (!records.collateralInRange(record)) return "collateral-range";
  if (!records.collateralInRange(otherRecord)) return "counterparty-collateral-range";
  const amounts = { quantityLots, quoteMicroUsd, payoutPicoUsd, coveredPicoUsd };
  const step: DeleveragingStep = { kind: "deleveraging", account, counterparty, market, side, ...amounts };
  return { step, record, fund, other: otherRecord, coveredPicoUsd, grossDeltaLots: -2n * quantity };
}
