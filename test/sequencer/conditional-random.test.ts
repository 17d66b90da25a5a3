import { expect } from "chai";
import { DEVNET_BOOK_RULES, DEVNET_FEE_TIERS } from "../../matcher/protocol/devnet-markets.ts";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { journalRecordFromBytes } from "../../matcher/sequencer/command-bytes.ts";
import type { ConditionalEvent } from "../../matcher/sequencer/exchange-event.ts";
import { imageFrom, imageLines } from "../../matcher/sequencer/exchange-image.ts";
import { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import type { Accepted } from "../../matcher/sequencer/outcome.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import { sameOrder } from "../../matcher/state/same-order.ts";
import { checkTrace } from "../fixtures/check-trace.ts";
import { conditionalCommands } from "./conditional-commands.ts";
import { DOMAIN, FUNDING, newState } from "./exchange-fixture.ts";
import { stateRoot, stateText } from "./state-digest.ts";

const TERMS = { rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding: FUNDING };
const MS_PER_COMMAND = 400;

interface Run {
  commands: Command[];
  outcomes: Accepted[];
  text: string;
  state: ExchangeState;
}

function run(seed: number, count: number): Run {
  const state = newState();
  const commands: Command[] = [];
  const outcomes: Accepted[] = [];
  let at = 0;
  for (const command of conditionalCommands(seed, count)) {
    at += 1;
    const before = outcomes.length % 40 === 0 ? stateText(state) : null;
    const outcome = state.execute(command, at * MS_PER_COMMAND);
    if (outcome.accepted) {
      commands.push(command);
      outcomes.push(outcome);
    } else if (before !== null) expect(stateText(state), outcome.code).to.equal(before);
  }
  return { commands, outcomes, text: stateText(state), state };
}

const keyOf = (account: number, slot: number, sequence: number) => `${account}/${slot}/${sequence}`;

/** Orders that were signed, by slot and sequence: alternatives share one. */
function signedOrders(commands: readonly Command[]): Map<string, OrderMessage[]> {
  const signed = new Map<string, OrderMessage[]>();
  const add = (order: OrderMessage) => {
    const key = `${order.account}/${order.slot}/${order.sequence}`;
    signed.set(key, [...(signed.get(key) ?? []), order]);
  };
  for (const command of commands) {
    if (command.type === "message" && command.message.kind === "order") add(command.message);
    if (command.type === "conditional") for (const { order } of command.legs) add(order);
  }
  return signed;
}

describe("random histories with conditional orders", function () {
  this.timeout(60_000);
  const runs: Run[] = [];
  let hash: Awaited<ReturnType<typeof buildFastPoseidon>>;

  before(async () => {
    hash = await buildFastPoseidon();
    for (let seed = 1; seed <= 2; seed++) runs.push(run(seed, 700));
  });

  it("were given enough to do: every status, many reasons, every kind of order in the book", () => {
    const told = runs.flatMap(({ outcomes }) =>
      outcomes.flatMap(({ events }) => events.flatMap(({ event }) => (event.type === "conditional" ? [event] : []))),
    );
    const statuses = new Set(told.map(({ status }) => status));
    expect([...statuses]).to.have.members([
      "dormant",
      "waiting",
      "triggered",
      "active",
      "done",
      "cancelled",
      "refused",
    ]);
    const reasons = new Set(told.map(({ reason }) => reason));
    for (const reason of [
      "filled",
      "other-order",
      "exit-executed",
      "entry-ended",
      "replaced",
      "cancelled",
      "expired",
    ]) {
      expect([...reasons], reason).to.include(reason);
    }
    const types = new Set(
      runs.flatMap(({ outcomes }) => outcomes.flatMap(({ events }) => events.map(({ event }) => event.type))),
    );
    for (const type of ["resumed", "cancel-time", "fill"]) expect([...types], type).to.include(type);
    const shown = runs.flatMap(({ outcomes }) => outcomes).flatMap(({ events }) => events.map(({ event }) => event));
    expect(shown.filter((event) => event.type === "removed" && event.reason === "part-filled").length).to.be.above(20);
  });

  it("execute nothing that was not signed: no more than the quantity, no worse than the limit, whichever order of the slot it was", () => {
    for (const { commands, outcomes } of runs) {
      const signed = signedOrders(commands);
      const filled = new Map<string, number>();
      for (const { step } of outcomes.flatMap(({ steps }) => steps)) {
        if (step.kind !== "fill") continue;
        for (const { order } of [step.maker, step.taker]) {
          const key = `${order.account}/${order.slot}/${order.sequence}`;
          const found = signed.get(key)?.find((one) => sameOrder(one, order));
          expect(found, key).to.not.equal(undefined);
          // An amend that keeps what was filled begins with that: only orders that keep nothing are added up here.
          if (order.keepFilled) continue;
          filled.set(key, (filled.get(key) ?? 0) + step.quantityLots);
          expect(filled.get(key)).to.be.at.most(order.quantityLots);
          const limit = BigInt(order.limitPriceTicks) * BigInt(step.quantityLots);
          expect(order.side === "buy" ? step.quoteMicroUsd <= limit : step.quoteMicroUsd >= limit).to.equal(true);
        }
      }
    }
  });

  it("give exits no more than their entry has filled", () => {
    for (const { commands, outcomes } of runs) {
      const entryOf = new Map<string, string>();
      const filled = new Map<string, number>();
      let checked = 0;
      for (const [at, command] of commands.entries()) {
        if (command.type === "conditional" && command.hasEntry) {
          const [entry, exit] = command.legs.map(({ order }) => keyOf(order.account, order.slot, order.sequence));
          entryOf.set(exit as string, entry as string);
        }
        for (const { event } of (outcomes[at] as Accepted).events) {
          if (event.type !== "fill") continue;
          const maker = keyOf(event.makerAccount, event.makerSlot, event.makerSequence);
          for (const key of [maker, keyOf(event.takerAccount, event.takerSlot, event.takerSequence)]) {
            filled.set(key, (filled.get(key) ?? 0) + event.quantityLots);
            const entry = entryOf.get(key);
            if (entry === undefined) continue;
            expect(filled.get(key)).to.be.at.most(filled.get(entry) ?? 0);
            checked += 1;
          }
        }
      }
      expect(checked).to.be.above(0);
    }
  });

  it("say of every order how it stands, and nothing after its end", () => {
    for (const { outcomes, state } of runs) {
      const last = new Map<string, ConditionalEvent>();
      for (const { event } of outcomes.flatMap(({ events }) => events)) {
        if (event.type !== "conditional") continue;
        const key = `${event.group}/${event.leg}`;
        expect(["done", "cancelled", "refused"], key).to.not.include(last.get(key)?.status);
        last.set(key, event);
      }
      const open = [...last.values()].filter(({ status }) => !["done", "cancelled", "refused"].includes(status));
      const live = state.conditionals.store
        .groups()
        .flatMap(({ number, legs }) =>
          legs
            .filter(({ status }) => !["done", "cancelled", "refused"].includes(status))
            .map(({ index }) => `${number}/${index}`),
        );
      expect(open.map(({ group, leg }) => `${group}/${leg}`).sort()).to.deep.equal(live.sort());
    }
  });

  it("give the same state, events and steps when the journal is replayed from its bytes", () => {
    for (const { outcomes, text } of runs) {
      const state = newState();
      for (const first of outcomes) {
        const { acceptedAtMs, command } = journalRecordFromBytes(first.record);
        expect(state.execute(command, acceptedAtMs)).to.deep.equal(first);
      }
      expect(stateText(state)).to.equal(text);
    }
  });

  it("go on in the same way after a restart, wherever it comes", () => {
    const { commands, outcomes } = runs[0] as Run;
    let state = newState();
    for (const [i, command] of commands.entries()) {
      // The process dies here, and the next one begins with what is written down.
      if (i % 9 === 8) state = new ExchangeState(TERMS, imageFrom(JSON.parse(JSON.stringify([...imageLines(state)]))));
      const outcome = state.execute(command, (outcomes[i] as Accepted).acceptedAtMs);
      expect(outcome, `command ${i}`).to.deep.equal(outcomes[i]);
    }
    expect([...imageLines(state)]).to.deep.equal([...imageLines(runs[0]?.state as ExchangeState)]);
  });

  it("leave a sound ledger, and make batches that an independent check of the circuit's rules accepts", () => {
    for (const { outcomes, state } of runs.slice(0, 1)) {
      expect(audit(state.ledger)).to.deep.equal([]);
      const batcher = new Batcher({ hash, domain: DOMAIN, tiers: TIERS });
      let batches = 0;
      const check = (trace: ReturnType<Batcher["cut"]>) => {
        if (trace === undefined) return;
        batches += 1;
        checkTrace(trace, hash);
      };
      for (const { step, journalHead } of outcomes.flatMap(({ steps }) => steps))
        check(batcher.push(step, journalHead));
      check(batcher.cut());
      expect(batches).to.be.above(10);
      expect(batcher.root).to.equal(stateRoot(state, hash));
    }
  });
});
