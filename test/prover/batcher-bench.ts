import { expect } from "chai";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import type { Tier } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import type { Ledger } from "../../matcher/state/ledger.ts";
import type { Step } from "../../matcher/state/step.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { checkSuccession, checkTrace } from "../fixtures/check-trace.ts";

export const DOMAIN = 77n;

/** A ledger and a batcher that has settled the steps that led to it; every trace is checked as it comes. */
export class BatcherBench {
  readonly ledger: Ledger;
  readonly batcher: Batcher;
  readonly traces: BatchTrace[] = [];
  readonly #hash: Poseidon;
  #last: BatchTrace | undefined;

  constructor(hash: Poseidon, tiers: readonly Tier[], { ledger, steps }: { ledger: Ledger; steps: readonly Step[] }) {
    this.#hash = hash;
    this.ledger = ledger;
    this.batcher = new Batcher({ hash, domain: DOMAIN, tiers });
    for (const step of steps) this.push(step);
    this.cut();
    this.traces.length = 0;
  }

  push(step: Step, journalHead?: bigint): BatchTrace | undefined {
    return this.#note(this.batcher.push(step, journalHead));
  }

  cut(): BatchTrace | undefined {
    return this.#note(this.batcher.cut());
  }

  /** What the steps pushed so far make, as one batch. */
  only(): BatchTrace {
    expect(this.traces).to.deep.equal([]);
    return this.cut() as BatchTrace;
  }

  #note(trace: BatchTrace | undefined): BatchTrace | undefined {
    if (trace === undefined) return undefined;
    checkTrace(trace, this.#hash);
    checkSuccession(this.#last, trace);
    this.#last = trace;
    this.traces.push(trace);
    return trace;
  }
}
