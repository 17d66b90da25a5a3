import type { OrderMessage, SelfTrade, TimeInForce } from "../../matcher/protocol/message.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { BTC_TICKS, epochOf, openingCommands, order, unsigned } from "./exchange-fixture.ts";

/** A small deterministic generator (mulberry32): uniform integers below n. */
export function dice(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

const TIMES: TimeInForce[] = ["GTT", "GTT", "GTT", "IOC", "FOK"];
const SELF: SelfTrade[] = ["expire-maker", "expire-taker", "expire-both", "decrement"];

/** An opening, then random traffic: many commands are refused, many fill. */
export function* randomCommands(seed: number, count: number, accounts = 6): Generator<Command> {
  yield* openingCommands(accounts, 20_000n);
  const roll = dice(seed);
  let epoch = 1;
  let ticks = BTC_TICKS;
  const nonces = new Map<number, number>();
  // Of their own, so that the other commands do not depend on them.
  const moments = dice(seed + 1_000);
  let sampleSeconds = epochOf(1).timeSeconds;
  for (let i = 0; i < count; i++) {
    for (let samples = moments(5); samples > 0; samples--) {
      sampleSeconds = Math.max(sampleSeconds + 1, epochOf(epoch).timeSeconds);
      yield { type: "fundingSample", timeSeconds: sampleSeconds };
    }
    const account = 1 + roll(accounts);
    const kind = roll(100);
    if (kind < 4) {
      epoch += 1;
      ticks += (roll(20_001) - 10_000) * (roll(6) === 0 ? 5 : 1);
      const btc = (ticks / 10).toFixed(1);
      const fundingIndexPicoUsd = BigInt(epoch) * 1_000_000n;
      yield { type: "epoch", epoch: epochOf(epoch, { 0: btc }, { fundingIndexPicoUsd }) };
    } else if (kind < 9) {
      const message = unsigned({ kind: "cancel", account, slot: roll(6), sequence: 1 + roll(i + 1) });
      yield { type: "message", message, settle: roll(2) === 0 };
    } else if (kind < 11) {
      const message = unsigned({ kind: "cancelAll", account, sequence: 1 + roll(i + 1) });
      yield { type: "message", message, settle: roll(2) === 0 };
    } else if (kind < 14) {
      const nonce = nonces.get(account) ?? 0;
      const amountMicroUsd = BigInt(1 + roll(100_000_000));
      const message = unsigned({
        kind: "withdrawal",
        account,
        sequence: nonce,
        expirySeconds: 2 ** 32 - 1,
        amountMicroUsd,
      });
      nonces.set(account, nonce + 1);
      yield { type: "message", message, settle: false };
    } else if (kind < 15) {
      yield roll(2) === 0
        ? { type: "cancelAllApi", account, market: roll(2) === 0 ? null : 0 }
        : { type: "feeTier", account, tier: roll(4) };
    } else {
      const change: Partial<OrderMessage> = {
        account,
        slot: roll(6),
        sequence: 1 + i + roll(3),
        side: roll(2) === 0 ? "buy" : "sell",
        keepFilled: roll(4) === 0,
        reduceOnly: roll(6) === 0,
        postOnly: roll(8) === 0,
        timeInForce: TIMES[roll(TIMES.length)] as TimeInForce,
        selfTrade: SELF[roll(SELF.length)] as SelfTrade,
        limitPriceTicks: ticks + roll(801) - 400,
        quantityLots: 1 + roll(30_000),
        expirySeconds: epochOf(epoch).timeSeconds + roll(600),
        maxFeePpm: roll(20) === 0 ? 300 : 600,
      };
      yield { type: "message", message: unsigned(order(change)), settle: false };
    }
  }
}
