import type { Command } from "../../matcher/sequencer/command.ts";
import { unsigned } from "./exchange-fixture.ts";
import { dice, randomCommands } from "./random-commands.ts";

/** Random traffic in which orders have names, accounts change their margin mode, and switches are set. */
export function* livelyCommands(seed: number, count: number, accounts = 6): Generator<Command> {
  const roll = dice(seed + 77);
  let sequence = 0;
  for (const command of randomCommands(seed, count, accounts)) {
    const named = command.type === "message" && command.message.kind === "order" && roll(2) === 0;
    yield named ? { ...command, clientId: `order ${roll(40)}` } : command;
    if (roll(12) === 0) yield { type: "deadMansSwitch", account: 1 + roll(accounts), timeoutMs: roll(3) * 500 };
    if (roll(30) > 0) continue;
    sequence += 1 + roll(1_000);
    const isolatedMarket = roll(2) === 0 ? null : roll(2);
    const mode = { kind: "marginMode", account: 1 + roll(accounts), isolatedMarket, sequence } as const;
    yield { type: "message", message: unsigned(mode), settle: false };
  }
}
