import type { ConditionalLeg, Slicing, Trigger } from "../../matcher/protocol/conditional.ts";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { conditional, leg } from "./conditional-fixture.ts";
import { BTC_TICKS, epochOf } from "./exchange-fixture.ts";
import { dice, randomCommands } from "./random-commands.ts";

type Roll = (n: number) => number;

/** Random traffic with conditional orders of every kind in it, on slots of their own and on those of the others; many are refused. */
export function* conditionalCommands(seed: number, count: number, accounts = 6): Generator<Command> {
  const roll = dice(seed + 4_242);
  let epoch = 1;
  let ticks = BTC_TICKS;
  let at = 0;
  for (const command of randomCommands(seed, count, accounts)) {
    yield command;
    at += 1;
    if (command.type === "epoch") {
      epoch = command.epoch.number;
      ticks = command.epoch.markets[0]?.priceTicks ?? ticks;
    }
    if (at < 2 * accounts + 2) continue;
    if (roll(3) === 0) yield randomConditional(roll, { ticks, epoch, at, account: 1 + roll(accounts) });
    if (roll(4) === 0) yield { type: "conditionalSweep" };
    if (roll(40) === 0) yield { type: "cancelApi", account: 1 + roll(accounts), slot: roll(12), sequence: at };
    if (command.type !== "message" || command.message.kind !== "order" || roll(12) > 0) continue;
    const { account, slot, sequence } = command.message;
    yield { type: "cancelAt", account, slot, sequence, atMs: at * 800 + roll(40_000) };
  }
}

function randomConditional(roll: Roll, now: { ticks: number; epoch: number; at: number; account: number }): Command {
  const { ticks, at, account } = now;
  const sequence = at + roll(3);
  const slot = roll(4) === 0 ? roll(6) : 6 + roll(4);
  const side = roll(2) === 0 ? "buy" : "sell";
  const base: Partial<OrderMessage> = {
    account,
    slot,
    sequence,
    side,
    quantityLots: 100 + roll(8_000),
    reduceOnly: roll(5) === 0,
    expirySeconds: epochOf(now.epoch).timeSeconds + roll(900),
    maxFeePpm: 600,
    limitPriceTicks: ticks + (side === "buy" ? 1 : -1) * roll(4_000),
  };
  const ioc = { timeInForce: "IOC" } as const;
  const near = (): Trigger => ({ kind: roll(2) === 0 ? "stop" : "takeProfit", value: ticks + roll(8_001) - 4_000 });
  const trailing = (): Trigger =>
    roll(2) === 0 ? { kind: "trailingTicks", value: 1 + roll(3_000) } : { kind: "trailingPpm", value: 1 + roll(5_000) };
  const trigger = (): Trigger => (roll(4) === 0 ? trailing() : near());
  const time = () => (roll(2) === 0 ? ioc : {});
  switch (roll(5)) {
    case 0:
      return conditional(
        [leg({ ...base, ...time() }, trigger())],
        false,
        roll(3) === 0 ? `stop ${roll(30)}` : undefined,
      );
    case 1: {
      const other = { ...base, ...ioc, limitPriceTicks: ticks, quantityLots: 100 + roll(8_000) };
      return conditional([leg(base, roll(3) === 0 ? trigger() : null), leg(other, trigger())]);
    }
    case 2: {
      const exit = {
        ...base,
        slot: slot + 2,
        side: side === "buy" ? "sell" : "buy",
        reduceOnly: roll(4) > 0,
        limitPriceTicks: ticks,
      } as const;
      const exits: ConditionalLeg[] = [leg({ ...exit, ...ioc }, trigger())];
      const gain = { ...exit, limitPriceTicks: ticks + (side === "buy" ? 1 : -1) * roll(1_500) };
      if (roll(3) > 0) exits.push(leg(gain, roll(2) === 0 ? null : trigger()));
      return conditional([leg(base, roll(4) === 0 ? trigger() : null), ...exits], true);
    }
    case 3: {
      const shownLots = 1 + roll(Number(base.quantityLots));
      return conditional([leg(base, null, { kind: "iceberg", shownLots })]);
    }
    default: {
      const slicing: Slicing = {
        kind: "twap",
        startMs: roll(2) === 0 ? 0 : at * 400 + roll(10_000),
        parts: 2 + roll(8),
        intervalSeconds: 5 + roll(5),
        jitterPpm: roll(2) === 0 ? 0 : roll(900_000),
        tolerancePpm: roll(2) === 0 ? 0 : roll(3_000),
      };
      return conditional([leg({ ...base, ...ioc }, null, slicing)]);
    }
  }
}
