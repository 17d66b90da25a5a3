import { formatDecimal, usdFromMicroUsd, usdFromPicoUsd } from "../protocol/decimal.ts";
import { PPM } from "../protocol/spec.ts";
import type { WireBalance } from "../protocol/wire/account.ts";
import { magnitude } from "../risk/magnitude.ts";
import type { AccountView } from "../sequencer/exchange-view.ts";
import { type Balance, provenBalance } from "../sequencer/proven-view.ts";
import type { Sequencer } from "../sequencer/sequencer.ts";
import type { History } from "./history.ts";

/**
 * Payments of an account that are looked through for unproven ones. The backlog lets an account have two unproven payments out; only
 * deposits and transfers of its owner could be more, one L1 transaction or signed message each.
 */
const PAYMENTS_MAX = 200;
const PPM_DECIMALS = 6;
const PPM_PARTS = BigInt(PPM);

function wireOf({ collateralPicoUsd, equityPicoUsd }: Balance): WireBalance["proven"] {
  return { collateral: usdFromPicoUsd(collateralPicoUsd), equity: usdFromPicoUsd(equityPicoUsd) };
}

/** What of an account's money a proof stands behind, and what only the matcher's word. */
export function wireBalance({ state, finality }: Sequencer, history: History, view: AccountView): WireBalance {
  const { account, collateralPicoUsd, figures } = view;
  const accepted = { collateralPicoUsd, equityPicoUsd: figures.valuePicoUsd };
  const proven = provenBalance(state, finality, account);
  const unproven = {
    collateralPicoUsd: accepted.collateralPicoUsd - proven.collateralPicoUsd,
    equityPicoUsd: accepted.equityPicoUsd - proven.equityPicoUsd,
  };
  const through = finality.provenThroughStep;
  const pending = (payments: readonly { step: number; amountMicroUsd: bigint }[]) => {
    const amounts = payments.filter(({ step }) => step > through).map(({ amountMicroUsd }) => amountMicroUsd);
    return usdFromMicroUsd(amounts.reduce((sum, amount) => sum + amount, 0n));
  };
  const transfers = history.transfersOf(account, PAYMENTS_MAX);
  return {
    accepted: wireOf(accepted),
    proven: wireOf(proven),
    unproven: wireOf(unproven),
    unprovenShare: shareCeil(magnitude(unproven.equityPicoUsd), accepted.equityPicoUsd),
    pending: {
      deposits: pending(history.depositsOf(account, PAYMENTS_MAX)),
      withdrawals: pending(history.withdrawalsOf(account, PAYMENTS_MAX)),
      transfersIn: pending(transfers.filter(({ to }) => to === account)),
      transfersOut: pending(transfers.filter((transfer) => transfer.account === account)),
    },
  };
}

/** To a millionth, rounded up. */
function shareCeil(part: bigint, whole: bigint): string | null {
  if (part === 0n) return "0";
  return whole <= 0n ? null : formatDecimal((part * PPM_PARTS + whole - 1n) / whole, PPM_DECIMALS);
}
