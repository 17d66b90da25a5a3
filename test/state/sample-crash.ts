import type { Epoch, EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { Ledger } from "../../matcher/state/ledger.ts";
import { decodeSnapshot, snapshotOf } from "../../matcher/state/ledger-snapshot.ts";
import type { LiquidationFill, Step } from "../../matcher/state/step.ts";
import { SAMPLE_MARKET, sampleEpoch } from "../risk/sample-epoch.ts";
import { deposit, fill, order, registration, sampleLedger } from "./sample-ledger.ts";

/** What the crash leaves: who holds what, and on which terms. */
export interface Crash {
  priceTicks: number;
  /** Of the insurance fund, which account 0 is; undefined: there is none. */
  fundMicroUsd: bigint | undefined;
  /** Deposits of accounts 1 to 4. */
  depositsMicroUsd: readonly bigint[];
  market: Partial<EpochMarket>;
  liquidation: Partial<Epoch["liquidation"]>;
}

const CRASH: Crash = {
  priceTicks: 100,
  fundMicroUsd: 50n,
  depositsMicroUsd: [1000n, 110n, 1000n, 1000n],
  market: {},
  liquidation: {},
};

/** The second epoch of a crash, and others after it. */
export function crashEpoch(fields: Partial<Crash>, number = 2): Epoch {
  const { priceTicks, market, liquidation } = { ...CRASH, ...fields };
  const terms = { feeCapPpm: 5_000, spreadPpm: 1_500_000, bankruptcyAdjustmentPpm: 1_000_000 };
  const wide = { priceTicks, priceMinTicks: 1, priceMaxTicks: 1_000, ...market };
  return sampleEpoch([wide, { ...SAMPLE_MARKET, priceTicks: 50, priceMinTicks: 1 }], {
    number,
    liquidation: { ...terms, insuranceCapMicroUsd: 1_000n, ...liquidation },
  });
}

/**
 * Account 2 has bought ten lots from 1 at 100, with a deposit of 110: worth 10 × price − 890, which is 40 of 46.5 at 93, nothing at 89
 * and −10 at 88. 3 and 4 only have money.
 */
export function sampleCrash(fields: Partial<Crash> = {}): { ledger: Ledger; steps: Step[] } {
  const { fundMicroUsd, depositsMicroUsd } = { ...CRASH, ...fields };
  const { ledger, steps } = sampleLedger(depositsMicroUsd);
  if (fundMicroUsd !== undefined) {
    steps.push(ledger.registerAccount(registration(0)));
    if (fundMicroUsd > 0n) steps.push(ledger.applyDeposit(deposit(0, fundMicroUsd)));
  }
  steps.push(ledger.applyFill(fill({ quantityLots: 10 })), ...ledger.openEpoch(crashEpoch(fields)));
  return { ledger, steps };
}

/** The same ledger in which accounts have other collateral, and other sizes in market 0. */
export function withAccounts(
  ledger: Ledger,
  changes: Readonly<Record<number, { collateralPicoUsd: bigint; sizeLots?: bigint }>>,
): Ledger {
  const snapshot = snapshotOf(ledger);
  for (const held of snapshot.accounts) {
    const change = changes[held.account];
    if (change === undefined) continue;
    held.collateralPicoUsd = String(change.collateralPicoUsd);
    if (change.sizeLots !== undefined) held.sizesLots[0] = String(change.sizeLots);
  }
  return decodeSnapshot(JSON.stringify(snapshot));
}

/** Account 3 buys two lots of account 2 at 93. */
export function liquidation(fields: Partial<LiquidationFill> = {}): LiquidationFill {
  return {
    account: 2,
    market: 0,
    side: "sell",
    maker: order({ account: 3, side: "buy" }),
    priceTicks: 93,
    quantityLots: 2,
    makerFeePpm: 0,
    ...fields,
  };
}
