import { expect } from "chai";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { tierById } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import { commandFromBytes } from "../../matcher/sequencer/command-bytes.ts";
import type { ExchangeEvent, RequestServedEvent } from "../../matcher/sequencer/exchange-event.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import type { RequestStep, Step } from "../../matcher/state/step.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { checkSuccession, checkTrace } from "../fixtures/check-trace.ts";
import { accepted, DOMAIN, newState } from "./exchange-fixture.ts";
import type { LiquidationWorld } from "./liquidation-fixture.ts";
import { stateRoot, stateText } from "./state-digest.ts";

/** Batches of all that happened, each checked by the second formulation of the rules. */
export function checkedBatches(world: LiquidationWorld, hash: Poseidon, tiers = [1, 2]): BatchTrace[] {
  const batcher = new Batcher({ hash, domain: DOMAIN, tiers: tiers.map(tierById) });
  // Only the smallest where one does: a request must fit all the same.
  batcher.grow(false);
  const traces: BatchTrace[] = [];
  const take = (trace: BatchTrace | undefined) => {
    if (trace === undefined) return;
    checkTrace(trace, hash);
    checkSuccession(traces.at(-1), trace);
    traces.push(trace);
  };
  for (const step of world.steps) take(batcher.push(step, 1n));
  take(batcher.cut());
  expect(batcher.root).to.equal(stateRoot(world.state, hash));
  return traces;
}

/** Everything that must hold of a world at any time: the ledger's identities, provable batches, and the same again from its journal. */
export function checkWorld(world: LiquidationWorld, hash: Poseidon): BatchTrace[] {
  expect(audit(world.state.ledger)).to.deep.equal([]);
  const again = newState();
  const steps: Step[] = [];
  for (const bytes of world.journal) {
    steps.push(...accepted(again.execute(commandFromBytes(bytes))).steps.map(({ step }) => step));
  }
  expect(stateText(again) === stateText(world.state), "the replay's state is the same").to.equal(true);
  expect(steps).to.deep.equal(world.steps);
  return checkedBatches(world, hash);
}

export function requestSteps(steps: readonly Step[]): RequestStep[] {
  return steps.filter((step) => step.kind === "request");
}

/** How a world's requests ended, in order. */
export function endings(events: readonly ExchangeEvent[]): string[] {
  return events
    .filter((event): event is RequestServedEvent => event.type === "request-served")
    .map(({ account, request, outcome }) => `${request} ${account} ${outcome}`);
}
