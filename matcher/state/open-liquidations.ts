import { PICO_PER_MICRO } from "../protocol/spec.ts";
import type { EpochTerms } from "../risk/epoch-terms.ts";
import {
  deleveragingRefusal,
  type Insurance,
  insuranceAfter,
  insuranceRefusal,
  liquidationRefusal,
  type Transition,
} from "../risk/liquidation-rules.ts";
import type { BatchRefusal, OpenLiquidation } from "./batch-parts.ts";
import type { DeleveragingStep, LiquidationStep } from "./step.ts";

/** A forced row and where it belongs in the list; the list's length is a new row. */
export interface PlacedLiquidation {
  at: number;
  row: OpenLiquidation;
}

/**
 * The liquidations and deleveragings of a batch so far (docs/protocol.md §5a), in order of first touch. What is left of the fund and of
 * its cap is followed from row to row, so that one that changes is judged together with all behind it.
 */
export class OpenLiquidations {
  readonly #terms: EpochTerms;
  readonly #rows: OpenLiquidation[] = [];
  /** Row of every account that one names. */
  readonly #rowOf = new Map<number, number>();
  readonly spentBeforePicoUsd: bigint;

  /** @param spentPicoUsd what the fund has paid in the epoch before the batch */
  constructor(terms: EpochTerms, spentPicoUsd: bigint) {
    this.#terms = terms;
    this.spentBeforePicoUsd = spentPicoUsd;
  }

  get length(): number {
    return this.#rows.length;
  }

  get spentAfterPicoUsd(): bigint {
    return this.#rows.reduce((sum, { coveredPicoUsd }) => sum + coveredPicoUsd, this.spentBeforePicoUsd);
  }

  rows(): OpenLiquidation[] {
    return this.#rows.slice();
  }

  names(account: number): boolean {
    return this.#rowOf.has(account);
  }

  put({ at, row }: PlacedLiquidation): void {
    this.#rows[at] = row;
    this.#rowOf.set(row.account, at);
    if (row.counterparty !== undefined) this.#rowOf.set(row.counterparty, at);
  }

  /** The row of a liquidation with the fill added: fills of one account in one market are one row, and it may have no other. */
  ofFill(step: LiquidationStep): PlacedLiquidation | BatchRefusal {
    const { account, market, side, quantityLots, quoteMicroUsd, feePicoUsd, payoutPicoUsd } = step;
    const at = this.#rowOf.get(account);
    const joined = at === undefined ? undefined : (this.#rows[at] as OpenLiquidation);
    if (joined !== undefined) {
      const { counterparty, market: theirs, side: theirSide } = joined;
      if (counterparty !== undefined || theirs !== market || theirSide !== side) return "row-beside-liquidation";
    }
    const row: OpenLiquidation = {
      account,
      counterparty: undefined,
      market,
      side,
      quantityLots: (joined?.quantityLots ?? 0n) + BigInt(quantityLots),
      quoteMicroUsd: (joined?.quoteMicroUsd ?? 0n) + quoteMicroUsd,
      feePicoUsd: (joined?.feePicoUsd ?? 0n) + feePicoUsd,
      payoutPicoUsd: (joined?.payoutPicoUsd ?? 0n) + payoutPicoUsd,
      coveredPicoUsd: (joined?.coveredPicoUsd ?? 0n) + payoutPicoUsd,
    };
    return { at: at ?? this.#rows.length, row };
  }

  /** The row of a deleveraging, which joins no other. */
  ofDeleveraging(step: DeleveragingStep): PlacedLiquidation | BatchRefusal {
    const { account, counterparty, market, side, quantityLots, quoteMicroUsd, payoutPicoUsd, coveredPicoUsd } = step;
    if (this.names(account) || this.names(counterparty)) return "row-beside-liquidation";
    const row: OpenLiquidation = {
      account,
      counterparty,
      market,
      side,
      quantityLots: BigInt(quantityLots),
      quoteMicroUsd,
      feePicoUsd: 0n,
      payoutPicoUsd,
      coveredPicoUsd,
    };
    return { at: this.#rows.length, row };
  }

  /**
   * The whole predicate over a row, and the third rule over those behind it.
   * @param fundPicoUsd the fund in S₀
   * @param counterparty deleveraging only
   */
  refusal(
    placed: PlacedLiquidation,
    account: Transition,
    counterparty: Transition | undefined,
    fundPicoUsd: bigint,
  ): BatchRefusal | undefined {
    const capPicoUsd = this.#terms.liquidation.insuranceCapMicroUsd * PICO_PER_MICRO;
    let insurance: Insurance = { capPicoUsd, spentPicoUsd: this.spentBeforePicoUsd, fundPicoUsd };
    for (const [at, row] of this.#with(placed).entries()) {
      const refusal =
        at === placed.at ? this.#ruleRefusal(row, account, counterparty, insurance) : insuranceRefusal(row, insurance);
      if (refusal !== undefined) return refusal;
      insurance = insuranceAfter(row, insurance);
    }
    return undefined;
  }

  /** What a row adds to the fund, beside what it added before. */
  fundDeltaPicoUsd({ at, row }: PlacedLiquidation): bigint {
    const old = this.#rows[at];
    const before = old === undefined ? 0n : old.feePicoUsd - old.coveredPicoUsd;
    return row.feePicoUsd - row.coveredPicoUsd - before;
  }

  #with({ at, row }: PlacedLiquidation): OpenLiquidation[] {
    const rows = this.rows();
    rows[at] = row;
    return rows;
  }

  #ruleRefusal(
    row: OpenLiquidation,
    account: Transition,
    counterparty: Transition | undefined,
    insurance: Insurance,
  ): BatchRefusal | undefined {
    if (counterparty === undefined) return liquidationRefusal(this.#terms, account, row, insurance);
    return deleveragingRefusal(this.#terms, account, counterparty, row, insurance);
  }
}
