import { expect } from "chai";
import { DEVNET_BOOK_RULES, DEVNET_FEE_TIERS } from "../../matcher/protocol/devnet-markets.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { imageFrom, imageLines } from "../../matcher/sequencer/exchange-image.ts";
import { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import type { Outcome } from "../../matcher/sequencer/outcome.ts";
import { FUNDING } from "../sequencer/exchange-fixture.ts";
import { Drill } from "./drill.ts";

const TERMS = { rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding: FUNDING };

const text = (outcome: Outcome) =>
  JSON.stringify(outcome, (_, value) => (typeof value === "bigint" ? `${value}n` : value));

/** A market falls by a fifth in steps: partial and whole liquidations, a fund that runs dry, deleveraging, sweeps between the epochs. */
async function crash(): Promise<{ commands: Command[]; outcomes: Outcome[]; drill: Drill }> {
  const drill = await Drill.start({ fundUsd: 2_000n });
  const commands: Command[] = [];
  const outcomes: Outcome[] = [];
  const execute = drill.state.execute.bind(drill.state);
  drill.state.execute = (command, nowMs) => {
    const outcome = execute(command, nowMs);
    commands.push(command);
    outcomes.push(outcome);
    return outcome;
  };
  const [maker, other, ...longs] = drill.traders([900_000n, 400_000n, 7_000n, 4_000n, 9_000n]) as [
    number,
    number,
    ...number[],
  ];
  for (const long of longs) drill.trade(long, maker, 0, "65000", 100_000);
  drill.trade(longs[0] as number, other, 0, "65000", 20_000);
  for (const usd of ["63500", "61500", "59000", "56500", "54000", "52000"]) {
    drill.order(maker, 0, "buy", String(Number(usd) - 60), 15_000);
    drill.epoch({ 0: usd });
    drill.order(other, 0, "buy", String(Number(usd) - 40), 25_000);
    drill.sweep();
    drill.sweep();
  }
  return { commands, outcomes, drill };
}

describe("A restart in the middle of a price crash", function () {
  this.timeout(60_000);

  it("liquidates and deleverages the same accounts at the same places, wherever it comes", async () => {
    const { commands, outcomes, drill } = await crash();
    expect(drill.of("liquidated").length).to.be.greaterThan(2);
    expect(drill.of("deleveraged").length).to.be.greaterThan(0);
    const opening = await Drill.start({ fundUsd: 2_000n });
    const before = [...imageLines(opening.state)];
    for (let at = 0; at <= commands.length; at++) {
      let state = new ExchangeState(TERMS, imageFrom(before));
      for (const [i, command] of commands.entries()) {
        // The process dies here, and the next one begins with what is written down.
        if (i === at) state = new ExchangeState(TERMS, imageFrom(JSON.parse(JSON.stringify([...imageLines(state)]))));
        expect(text(state.execute(command)), `restarted at ${at}, command ${i}`).to.equal(text(outcomes[i] as Outcome));
      }
    }
  });
});
