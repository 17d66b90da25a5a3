import { expect } from "chai";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { commandBytes, commandFromBytes } from "../../matcher/sequencer/command-bytes.ts";
import type { SequencedEvent } from "../../matcher/sequencer/exchange-event.ts";
import type { NumberedStep } from "../../matcher/sequencer/outcome.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import { DOMAIN, newState } from "./exchange-fixture.ts";
import { randomCommands } from "./random-commands.ts";
import { stateRoot, stateText } from "./state-digest.ts";

interface Run {
  journal: Uint8Array[];
  events: SequencedEvent[];
  steps: NumberedStep[];
  text: string;
  root: bigint;
  refusals: Set<string>;
}

describe("the exchange's state machine", () => {
  const runs: Run[] = [];
  let hash: Awaited<ReturnType<typeof buildFastPoseidon>>;

  function run(commands: Iterable<Command>): Run {
    const state = newState();
    const [journal, events, steps]: [Uint8Array[], SequencedEvent[], NumberedStep[]] = [[], [], []];
    const refusals = new Set<string>();
    for (const command of commands) {
      const outcome = state.execute(command);
      if (!outcome.accepted) refusals.add(outcome.code);
      else {
        journal.push(commandBytes(command));
        events.push(...outcome.events);
        steps.push(...outcome.steps);
      }
    }
    expect(audit(state.ledger)).to.deep.equal([]);
    return { journal, events, steps, text: stateText(state), root: stateRoot(state, hash), refusals };
  }

  before(async () => {
    hash = await buildFastPoseidon();
    for (let seed = 1; seed <= 4; seed++) runs.push(run(randomCommands(seed, 900)));
  });

  it("gives the same state, root, events and steps when the accepted commands are replayed from their bytes", () => {
    for (const first of runs) {
      const again = run(first.journal.map(commandFromBytes));
      expect(again.refusals.size).to.equal(0);
      expect(again.text).to.equal(first.text);
      expect(again.root).to.equal(first.root);
      expect(again.events).to.deep.equal(first.events);
      expect(again.steps).to.deep.equal(first.steps);
    }
  });

  it("was given enough funding to measure: many intervals, premiums of both signs, digests in the steps", () => {
    for (const { events, steps } of runs) {
      const sealed = events.flatMap(({ event }) => (event.type === "funding-interval" ? [event.sealed] : []));
      expect(sealed.length).to.be.above(20);
      expect(sealed.every(({ interval }, i) => i === 0 || interval === (sealed[i - 1]?.interval ?? 0) + 1)).to.equal(
        true,
      );
      const premiums = sealed.map(({ funding }) => funding[0]?.premiumPpm ?? 0);
      expect(Math.max(...premiums)).to.be.above(0);
      expect(Math.min(...premiums)).to.be.below(0);
      const known = new Set([0n, ...sealed.map(({ digest }) => digest)]);
      const digests = steps.flatMap(({ step }) => (step.kind === "epoch" ? [step.fundingDigest] : []));
      expect(digests.every((digest) => known.has(digest))).to.equal(true);
      expect(new Set(digests).size).to.be.above(20);
    }
  });

  it("was given enough to do: fills, every kind of step, every way for an order to end, many refusals", () => {
    const kinds = new Set(runs.flatMap(({ steps }) => steps.map(({ step }) => step.kind)));
    expect([...kinds]).to.have.members([
      "epoch",
      "registration",
      "deposit",
      "fill",
      "cancel",
      "cancelAll",
      "withdrawal",
    ]);
    const fills = runs.reduce((sum, { steps }) => sum + steps.filter(({ step }) => step.kind === "fill").length, 0);
    expect(fills).to.be.above(500);
    const reasons = new Set(
      runs.flatMap(({ events }) => events.map(({ event }) => event.type === "removed" && event.reason)),
    );
    for (const reason of ["filled", "cancelled", "replaced", "expired", "self-trade", "price-band", "ioc-remainder"]) {
      expect([...reasons], reason).to.include(reason);
    }
    const refusals = new Set(runs.flatMap(({ refusals }) => [...refusals]));
    expect(refusals.size).to.be.at.least(10);
  });

  it("gives steps that fit into batches, whose last root is the state's", () => {
    for (const { steps, root } of runs.slice(0, 2)) {
      const batcher = new Batcher({ hash, domain: DOMAIN, tiers: TIERS });
      let batches = 0;
      for (const { step, journalHead } of steps) if (batcher.push(step, journalHead) !== undefined) batches += 1;
      if (batcher.cut() !== undefined) batches += 1;
      expect(batches).to.be.above(10);
      expect(batcher.root).to.equal(root);
    }
  });

  it("numbers events, commands and steps without gaps, and every fill has its own step", () => {
    for (const { events, steps } of runs) {
      expect(events.every(({ seq }, at) => seq === at + 1)).to.equal(true);
      expect(steps.every(({ number }, at) => number === at + 1)).to.equal(true);
      const fills = events.filter(({ event }) => event.type === "fill");
      expect(new Set(fills.map(({ step }) => step)).size).to.equal(fills.length);
      for (const { event, step } of fills) {
        const numbered = steps[(step as number) - 1]?.step;
        if (event.type !== "fill" || numbered?.kind !== "fill") throw new Error("a fill's step is no fill");
        expect(numbered.quantityLots).to.equal(event.quantityLots);
        expect(numbered.maker.order.account).to.equal(event.makerAccount);
      }
    }
  });

  it("sets every event of an order right: what is accepted either rests or ends in the same command", () => {
    for (const { events } of runs) {
      const live = new Map<string, number>();
      for (const { event } of events) {
        if (event.type === "decremented" && event.rested) {
          const key = `${event.account}/${event.slot}/${event.sequence}`;
          expect(live.get(key), key).to.equal(event.remainingLots + event.decrementLots);
          live.set(key, event.remainingLots);
        }
        if (event.type !== "accepted" && event.type !== "booked" && event.type !== "removed" && event.type !== "fill")
          continue;
        if (event.type === "fill") {
          const key = `${event.makerAccount}/${event.makerSlot}/${event.makerSequence}`;
          expect(live.get(key), key).to.equal(event.makerRemainingLots + event.quantityLots);
          live.set(key, event.makerRemainingLots);
          continue;
        }
        const key = `${event.account}/${event.slot}/${event.sequence}`;
        if (event.type === "accepted") expect(live.has(key)).to.equal(false);
        else if (event.type === "booked") live.set(key, event.remainingLots);
        else expect(live.delete(key)).to.equal(event.rested);
      }
    }
  });
});
