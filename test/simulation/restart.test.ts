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
  protect(drill, longs, other);
  for (const usd of ["63500", "61500", "59000", "56500", "54000", "52000"]) {
    drill.order(maker, 0, "buy", String(Number(usd) - 60), 15_000);
    drill.epoch({ 0: usd });
    drill.order(other, 0, "buy", String(Number(usd) - 40), 25_000);
    drill.sweep();
    drill.sweep();
  }
  return { commands, outcomes, drill };
}

/**
 * Who is long has a stop far below, which comes too late; the one with most money has a stop that fires, one that trails, a bracket whose entry
 * waits for the fall, and an iceberg that buys into it.
 */
function protect(drill: Drill, longs: readonly number[], other: number): void {
  const exit = { side: "sell", reduceOnly: true, timeInForce: "IOC", limitPriceTicks: 400_000 } as const;
  const placed = longs.map((account) =>
    drill.conditional([{ ...exit, account, quantityLots: 20_000, trigger: { kind: "stop", value: 566_000 } }]),
  );
  const short = { account: other, timeInForce: "IOC", side: "sell", limitPriceTicks: 400_000 } as const;
  placed.push(
    drill.conditional([{ ...short, quantityLots: 5_000, trigger: { kind: "stop", value: 616_000 } }]),
    drill.conditional([{ ...short, quantityLots: 3_000, trigger: { kind: "trailingPpm", value: 90_000 } }]),
    drill.conditional(
      [
        { ...short, quantityLots: 4_000, slot: 4_000, trigger: { kind: "stop", value: 591_000 } },
        {
          ...short,
          side: "buy",
          limitPriceTicks: 700_000,
          quantityLots: 4_000,
          trigger: { kind: "takeProfit", value: 541_000 },
        },
      ],
      true,
    ),
    drill.conditional([
      {
        account: other,
        side: "buy",
        limitPriceTicks: 560_000,
        quantityLots: 9_000,
        slicing: { kind: "iceberg", shownLots: 500 },
      },
    ]),
  );
  for (const code of placed) expect(code).to.equal("accepted");
}

describe("A restart in the middle of a price crash", function () {
  this.timeout(60_000);

  it("liquidates, deleverages and lets in what waits, the same at the same places, wherever it comes", async () => {
    const { commands, outcomes, drill } = await crash();
    expect(drill.of("liquidated").length).to.be.greaterThan(2);
    expect(drill.of("deleveraged").length).to.be.greaterThan(0);
    const ends = new Set(drill.of("conditional").map(({ status, reason }) => `${status} ${reason}`));
    for (const end of ["triggered null", "done filled", "cancelled liquidation"]) expect([...ends]).to.include(end);
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
