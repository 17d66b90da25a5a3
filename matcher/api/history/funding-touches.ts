import type { Side } from "../../protocol/message.ts";
import { MARKETS } from "../../protocol/spec.ts";
import type { NumberedStep, RequestStep, Step } from "../../sequencer/outcome.ts";
import { accountsOf } from "../../sequencer/step-accounts.ts";
import type { FundingPaymentRecord, TouchedRecord } from "./records.ts";

/** A change of a position, before which the account's funding is settled. */
interface Change {
  account: number;
  market: number;
  /** Signed. */
  lots: number;
}

/** What is needed of an epoch; markets that are not live may be null. */
interface TouchEpoch {
  readonly number: number;
  readonly timeSeconds: number;
  readonly markets: readonly ({ readonly fundingIndexPicoUsd: bigint; readonly retired: boolean } | null)[];
}

const NOTHING: readonly bigint[] = new Array<bigint>(MARKETS).fill(0n);

/**
 * Follows positions through the ledger's steps and says what each touch settles; see {@link FundingPaymentRecord}. A read model: the
 * ledger settles the same amounts, in one sum per account.
 */
export class FundingTouches {
  /** Accounts with a position. */
  private readonly touched = new Map<number, TouchedRecord>();
  private readonly changed = new Map<number, TouchedRecord | null>();
  private epoch: Omit<TouchEpoch, "markets"> = { number: 0, timeSeconds: 0 };
  private indicesPicoUsd = NOTHING;
  private retired: number[] = [];
  private lastId = 0;

  /** Goes on from an earlier run. @param epoch in force then; undefined before the first */
  restore(touched: Iterable<TouchedRecord>, epoch: TouchEpoch | undefined, lastId: number): void {
    for (const record of touched) this.touched.set(record.account, record);
    if (epoch !== undefined) this.open(epoch);
    this.lastId = lastId;
  }

  /** Takes the steps of one command in. */
  take(steps: readonly NumberedStep[], atMs: number): FundingPaymentRecord[] {
    const payments: FundingPaymentRecord[] = [];
    for (const { number, step } of steps) {
      if (step.kind === "epoch") this.open(step.epoch);
      for (const account of touchedBy(step)) this.touch(account, number, atMs, payments);
      for (const change of changesOf(step)) this.move(change);
    }
    return payments;
  }

  /** Accounts whose record changed since this was last asked for; null for one without a position. */
  drain(): [account: number, record: TouchedRecord | null][] {
    const changed = [...this.changed];
    this.changed.clear();
    return changed;
  }

  private open(epoch: TouchEpoch): void {
    this.epoch = epoch;
    this.indicesPicoUsd = epoch.markets.map((market) => market?.fundingIndexPicoUsd ?? 0n);
    this.retired = epoch.markets.flatMap((market, index) => (market?.retired ? [index] : []));
  }

  private touch(account: number, step: number, atMs: number, payments: FundingPaymentRecord[]): void {
    const record = this.touched.get(account);
    if (record === undefined || record.epoch === this.epoch.number) return;
    for (const [market, sizeLots] of record.sizesLots.entries()) {
      if (sizeLots === 0) continue;
      const indexDeltaPicoUsd = (this.indicesPicoUsd[market] as bigint) - (record.indicesPicoUsd[market] as bigint);
      if (indexDeltaPicoUsd === 0n) continue;
      this.lastId += 1;
      payments.push({
        id: this.lastId,
        account,
        market,
        sizeLots,
        fromEpoch: record.epoch,
        epoch: this.epoch.number,
        fromSeconds: record.epochSeconds,
        toSeconds: this.epoch.timeSeconds,
        indexDeltaPicoUsd,
        amountPicoUsd: -BigInt(sizeLots) * indexDeltaPicoUsd,
        step,
        atMs,
      });
    }
    record.epoch = this.epoch.number;
    record.epochSeconds = this.epoch.timeSeconds;
    record.indicesPicoUsd = this.indicesPicoUsd;
    for (const market of this.retired) record.sizesLots[market] = 0;
    this.keep(record);
  }

  private move({ account, market, lots }: Change): void {
    const record = this.touched.get(account) ?? {
      account,
      epoch: this.epoch.number,
      epochSeconds: this.epoch.timeSeconds,
      sizesLots: new Array<number>(MARKETS).fill(0),
      indicesPicoUsd: this.indicesPicoUsd,
    };
    record.sizesLots[market] = (record.sizesLots[market] as number) + lots;
    this.keep(record);
  }

  private keep(record: TouchedRecord): void {
    const { account } = record;
    if (record.sizesLots.some((lots) => lots !== 0)) {
      this.touched.set(account, record);
      this.changed.set(account, record);
    } else if (this.touched.delete(account) || this.changed.has(account)) this.changed.set(account, null);
  }
}

function signedLots(side: Side, lots: number): number {
  return side === "buy" ? lots : -lots;
}

/** Accounts that a step brings up to the epoch's indices: those that it changes, and those whose leaf a cancel only rewrites. */
function touchedBy(step: Step): number[] {
  return step.kind === "cancel" || step.kind === "cancelAll" ? [step.message.account] : accountsOf(step);
}

function changesOf(step: Step | RequestStep["parts"][number]): Change[] {
  switch (step.kind) {
    case "fill": {
      const { maker, taker, quantityLots } = step;
      return [maker, taker].map(({ order: { account, market, side } }) => {
        return { account, market, lots: signedLots(side, quantityLots) };
      });
    }
    case "request":
      return step.parts.flatMap(changesOf);
    case "liquidation":
    case "exitFill": {
      const { account, market, maker, quantityLots } = step;
      const lots = signedLots(step.side, quantityLots);
      return [
        { account, market, lots },
        { account: maker.order.account, market, lots: -lots },
      ];
    }
    case "deleveraging":
    case "forcedClose": {
      const { account, counterparty, market } = step;
      const lots = signedLots(step.side, step.quantityLots);
      return [
        { account, market, lots },
        { account: counterparty, market, lots: -lots },
      ];
    }
    default:
      return [];
  }
}
