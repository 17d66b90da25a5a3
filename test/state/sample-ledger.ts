import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { Message, OrderMessage, Signed } from "../../matcher/protocol/message.ts";
import { Ledger } from "../../matcher/state/ledger.ts";
import type { Fill, Step } from "../../matcher/state/step.ts";
import type { QueueEntry } from "../../matcher/state/trace.ts";
import { unsigned } from "../fixtures/random-orders.ts";
import { sampleEpoch } from "../risk/sample-epoch.ts";

export function registration(account: number): QueueEntry {
  const n = BigInt(account);
  return {
    kind: "registration",
    minSequence: 0,
    account,
    amountMicroUsd: 0n,
    owner: 1000n + n,
    ax: 2000n + n,
    ay: 3000n + n,
  };
}

export function deposit(account: number, amountMicroUsd: bigint): QueueEntry {
  return { kind: "deposit", minSequence: 0, account, amountMicroUsd, owner: 0n, ax: 0n, ay: 0n };
}

/** An order that anything can fill: limits at the ends, no expiry to speak of, slot 0 and sequence 1. */
export function order(fields: Partial<OrderMessage> & Pick<OrderMessage, "account" | "side">): Signed<OrderMessage> {
  return unsigned({
    kind: "order",
    market: 0,
    keepFilled: false,
    reduceOnly: false,
    postOnly: false,
    timeInForce: "GTT",
    selfTrade: "expire-maker",
    slot: 0,
    sequence: 1,
    expirySeconds: 2 ** 32 - 1,
    maxFeePpm: 2 ** 19 - 1,
    limitPriceTicks: fields.side === "buy" ? 2 ** 32 - 1 : 0,
    quantityLots: 2 ** 40 - 1,
    ...fields,
  });
}

/** Account 1 makes and sells, account 2 takes and buys, at 100. */
export function fill(fields: Partial<Fill> = {}): Fill {
  return {
    maker: order({ account: 1, side: "sell" }),
    taker: order({ account: 2, side: "buy" }),
    priceTicks: 100,
    quantityLots: 1,
    makerFeePpm: 0,
    takerFeePpm: 0,
    ...fields,
  };
}

export function message<M extends Message>(content: M): Signed<M> {
  return unsigned(content);
}

/** A ledger in its first epoch, with accounts 1, 2 and 3 and what each has deposited, and the steps that led there. */
export function sampleLedger(
  depositsMicroUsd: readonly bigint[] = [1000n, 1000n, 1000n],
  markets: readonly Partial<EpochMarket>[] = [{}, { priceTicks: 50, priceMinTicks: 1 }],
): { ledger: Ledger; steps: Step[] } {
  const ledger = new Ledger();
  const steps: Step[] = [...ledger.openEpoch(sampleEpoch(markets))];
  depositsMicroUsd.forEach((amount, i) => {
    steps.push(ledger.registerAccount(registration(i + 1)));
    if (amount > 0n) steps.push(ledger.applyDeposit(deposit(i + 1, amount)));
  });
  return { ledger, steps };
}
