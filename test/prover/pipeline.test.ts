import { expect } from "chai";
import { DEVNET_LIQUIDATION } from "../../matcher/protocol/devnet-markets.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { publicKeyOf } from "../../matcher/protocol/keys.ts";
import { poseidon } from "../../matcher/protocol/poseidon.ts";
import type { ProvenBatch } from "../../matcher/protocol/proven-batch.ts";
import { sharedStateHash } from "../../matcher/protocol/shared-state.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { MARKETS, TIERS, type Tier } from "../../matcher/protocol/spec.ts";
import type { BatchProgress } from "../../matcher/prover/batch-progress.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import type { ProofResult } from "../../matcher/prover/groth16/proof.ts";
import { ProofFailed } from "../../matcher/prover/groth16/proof-failed.ts";
import type { ProofJob, Prover } from "../../matcher/prover/groth16/prover.ts";
import { type CutBatch, type PipelineOptions, ProofPipeline, type SettledAt } from "../../matcher/prover/pipeline.ts";
import { closedMarket } from "../../matcher/risk/epoch-terms.ts";
import type { Step } from "../../matcher/state/step.ts";
import { shapedProof } from "./instant-prover.ts";

const EXCHANGE = `0x${"12".repeat(20)}`;
const CUT_AFTER_MS = 40;
/** One queue entry a batch. */
const tier = TIERS[0]!;

/** Proves nothing: waits until the test says how the proof ends. Real proofs stand in test/end-to-end. */
class HeldProver implements Prover {
  readonly jobs: { job: ProofJob; resolve: (result: ProofResult) => void; reject: (error: Error) => void }[] = [];
  readonly processId = undefined;
  closed = false;

  prove(job: ProofJob): Promise<ProofResult> {
    return new Promise((resolve, reject) => this.jobs.push({ job, resolve, reject }));
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  finish(index: number, publicSignals?: bigint[]): void {
    const { job, resolve } = this.jobs[index]!;
    resolve(shapedProof(job, { loadMs: 1, witnessMs: 2, proveMs: 30, verifyMs: 4 }, publicSignals));
  }
}

const moment = (ms = 0) => new Promise((wake) => setTimeout(wake, ms));

/** Batches are prepared for their proofs in slices. */
async function jobs(prover: HeldProver, count: number): Promise<void> {
  while (prover.jobs.length < count) await moment();
}

describe("ProofPipeline", () => {
  let provers: HeldProver[];
  let pipeline: ProofPipeline;
  let halts: string[];
  let settled: ProvenBatch[];
  let progress: BatchProgress[];
  let refuse: Error | undefined;
  let confirm: (() => void)[];
  let step: number;
  let told: PipelineOptions["onProgress"];

  function start(proverCount = 1, tiers: readonly Tier[] = [tier], hash: Poseidon = poseidon): void {
    provers = Array.from({ length: proverCount }, () => new HeldProver());
    halts = [];
    settled = [];
    progress = [];
    confirm = [];
    refuse = undefined;
    told = undefined;
    step = 0;
    pipeline = new ProofPipeline({
      batcher: new Batcher({ hash, domain: 1n, tiers }),
      hash,
      chainId: 31337,
      exchange: EXCHANGE,
      provers,
      cutAfterMs: CUT_AFTER_MS,
      growFromQueued: 2,
      settle: (batch) => {
        settled.push(batch);
        const place: SettledAt = { hash: `0x${batch.batchNumber}`, blockNumber: batch.batchNumber, gasUsed: 7n };
        const mined = refuse === undefined ? Promise.resolve(place) : Promise.reject(refuse);
        const confirmed = new Promise<SettledAt>((resolve) => confirm.push(() => resolve(place)));
        return { mined, confirmed };
      },
      onProgress: (now, batch) => {
        progress.push({ ...now, timings: { ...now.timings } });
        told?.(now, batch);
      },
      onHalt: (report) => halts.push(report),
    });
  }

  function push(...steps: Step[]): void {
    pipeline.push(steps.map((given) => ({ number: ++step, step: given, journalHead: BigInt(step) })));
  }

  function epoch(number: number): Step {
    const markets = Array.from({ length: MARKETS }, () => closedMarket());
    const opened: OpenedEpoch = {
      number,
      timeSeconds: 1_000 + number,
      rebateCapPpm: 0,
      liquidation: DEVNET_LIQUIDATION,
      markets,
      paramVersion: 1,
      journalHead: 0n,
    };
    return { kind: "epoch", epoch: opened, fundingDigest: 0n };
  }

  function registration(account: number): Step {
    const entry = {
      kind: "registration",
      minSequence: 0,
      account,
      amountMicroUsd: 0n,
      owner: 5n,
      ...publicKeyOf(BigInt(account + 2)),
    } as const;
    return { kind: "registration", entry };
  }

  const statesOf = (batchNumber: number) =>
    progress.filter((told) => told.batchNumber === batchNumber).map(({ state }) => state);

  afterEach(() => pipeline.stop());

  it("takes a batch from its first step to its last confirmation", async () => {
    start();
    push(epoch(1), registration(0));
    expect(pipeline.status()).to.include({ openSteps: 2, unprovenSteps: 2, proving: 0 });
    await moment(CUT_AFTER_MS + 20);
    expect(pipeline.status()).to.include({ openSteps: 0, unprovenSteps: 2, proving: 1 });
    await jobs(provers[0]!, 1);
    provers[0]!.finish(0);
    await moment();
    confirm[0]!();
    await moment();
    expect(statesOf(1)).to.deep.equal(["queued", "proving", "proven", "settled", "final"]);
    const last = progress.at(-1)!;
    expect(last).to.deep.include({
      steps: { first: 1, last: 2 },
      cutBy: "timer",
      txHash: "0x1",
      blockNumber: 1,
      gasUsed: 7,
    });
    expect(last.timings).to.include({ witnessMs: 2, proveMs: 30, verifyMs: 4 });
    expect(last.timings.totalMs).to.be.at.least(CUT_AFTER_MS - 5);
    expect(pipeline.status()).to.include({ unprovenSteps: 0, settledBatches: 1, lagMs: 0, proofMs: 36 });
    expect(pipeline.settledEpoch).to.equal(1);
  });

  it("settles in order when proofs come out of order, each from the state behind the one before", async () => {
    start(3);
    push(epoch(1), registration(0), registration(1), registration(2), registration(3));
    pipeline.cut();
    await moment();
    expect(pipeline.status()).to.include({ proving: 3, queued: 1 });
    for (const prover of provers) await jobs(prover, 1);
    // Provers are taken from the end of the list; the jobs show which batch each has.
    const holds = (batch: bigint) =>
      provers.find(({ jobs }) => jobs.some(({ job }) => job.input.batchNumber === batch))!;
    holds(3n).finish(0);
    holds(2n).finish(0);
    await moment();
    expect(settled).to.deep.equal([]);
    expect(pipeline.status().settling).to.equal(2);
    holds(1n).finish(0);
    await moment();
    expect(settled.map(({ batchNumber }) => batchNumber)).to.deep.equal([1, 2, 3]);
    const [first, second] = settled;
    expect(second!.data.sharedState.accountRoot).to.equal(first!.data.newRoot);
    expect(second!.data.sharedState).to.include({ batchNumber: 1, queueCursor: 1, epochNumber: 1 });
    expect(sharedStateHash(second!.data.sharedState)).to.not.equal(sharedStateHash(first!.data.sharedState));
  });

  it("leaves a batch open past its time while every prover is busy, and cuts it when one is free", async () => {
    start();
    push(epoch(1), registration(0));
    pipeline.cut();
    push(registration(1));
    await moment(2 * CUT_AFTER_MS);
    expect(pipeline.status()).to.include({ openSteps: 1, proving: 1, queued: 0 });
    await jobs(provers[0]!, 1);
    provers[0]!.finish(0);
    await moment();
    expect(pipeline.status()).to.include({ openSteps: 0, proving: 1 });
    expect(progress.at(-1)).to.include({ batchNumber: 2, cutBy: "timer" });
  });

  it("keeps to the smallest tier until batches queue up, and goes back to it when they do not", async () => {
    // One queue entry a batch in the smallest tier, four in the largest.
    start(1, TIERS);
    push(epoch(1));
    for (let account = 0; account < 9; account++) push(registration(account));
    await moment();
    // One is being proven and two wait when the fourth may grow.
    expect(pipeline.status()).to.include({ proving: 1, queued: 3 });
    expect(
      progress.filter(({ state }) => state === "queued").map(({ tier: name, queueEntries }) => [name, queueEntries]),
    ).to.deep.equal([
      ["test", 1],
      ["test", 1],
      ["test", 1],
      ["large", 4],
    ]);
    for (let i = 0; i < 3; i++) {
      await jobs(provers[0]!, i + 1);
      provers[0]!.finish(i);
      await moment();
    }
    push(registration(9), registration(10));
    const cut = progress.filter(({ state }) => state === "queued").slice(4);
    // What had grown already is cut before the next step, in the tier that it needs.
    expect(cut.map(({ tier: name, queueEntries }) => [name, queueEntries])).to.deep.equal([
      ["small", 2],
      ["test", 1],
    ]);
  });

  it("gives every epoch a batch, empty if need be", async () => {
    start();
    push(epoch(1), epoch(2));
    await moment();
    expect(progress[0]).to.deep.include({ epochNumber: 1, steps: { first: 1, last: 1 }, rows: 0, cutBy: "epoch" });
    expect(pipeline.busy).to.equal(false);
    push(registration(0));
    expect(pipeline.busy).to.equal(true);
  });

  it("stops at the first failed proof with its report, and neither proves nor settles anything behind it", async () => {
    start();
    push(epoch(1), registration(0), registration(1), registration(2));
    pipeline.cut();
    const failure = {
      code: "UNSATISFIED",
      tier: "test",
      phase: "witness",
      report: "Assert Failed in RowLimit",
    } as const;
    await jobs(provers[0]!, 1);
    provers[0]!.jobs[0]!.reject(new ProofFailed(failure));
    await moment();
    const report = "Batch 1 (tier test) has no proof, UNSATISFIED in phase witness: Assert Failed in RowLimit";
    expect(halts).to.deep.equal([report]);
    expect(pipeline.status()).to.include({ state: "halted", haltReport: report });
    expect(statesOf(1)).to.deep.equal(["queued", "proving", "failed"]);
    push(registration(3));
    await moment(2 * CUT_AFTER_MS);
    expect(provers[0]!.jobs).to.have.length(1);
    expect(settled).to.deep.equal([]);
  });

  it("refuses a proof for other public inputs than the batch's", async () => {
    start();
    push(epoch(1), registration(0));
    pipeline.cut();
    await jobs(provers[0]!, 1);
    provers[0]!.finish(0, [1n, 2n, 3n]);
    await moment();
    expect(halts[0]).to.match(/^Batch 1 .* the proof is for other public inputs/);
    expect(settled).to.deep.equal([]);
  });

  it("stops when the contract refuses a batch", async () => {
    start();
    refuse = new Error("Settling batch 1 was refused by the contract: ProofRejected()");
    push(epoch(1), registration(0), registration(1));
    pipeline.cut();
    await jobs(provers[0]!, 1);
    provers[0]!.finish(0);
    await moment();
    expect(halts).to.deep.equal([`Batch 1 is not settled: ${refuse.message}`]);
    expect(pipeline.status()).to.include({ state: "halted", settledBatches: 0 });
  });

  it("stops at a step that no batch can hold, and at a gap in the steps", () => {
    start();
    push(registration(0));
    expect(halts[0]).to.match(/^Step 1 \(registration\) cannot be put into a batch/);
    start();
    push(epoch(1));
    step += 1;
    push(registration(0));
    expect(halts[0]).to.match(/step 3 came after step 1/);
  });

  it("says where it stands without hashing, and hashes at once for whoever asks what takes it", async () => {
    let hashes = 0;
    const counted: Poseidon = (inputs) => {
      hashes += 1;
      return poseidon(inputs);
    };
    start(1, [tier], counted);
    const batches: CutBatch[] = [];
    told = (_, batch) => batches.push(batch);
    push(epoch(1), registration(0), registration(1), registration(2));
    const before = hashes;
    const { sharedState, batcher, lastCutStep } = pipeline.position();
    expect(hashes).to.equal(before);
    expect(sharedState).to.include({ batchNumber: 3, queueCursor: 3, epochNumber: 1 });
    expect({ batchNumber: batcher.batchNumber, lastCutStep }).to.deep.equal({ batchNumber: 3, lastCutStep: 4 });
    const last = batches.findLast(({ progress: { batchNumber } }) => batchNumber === 3)!;
    const { accountRoot, ...unhashed } = last.after;
    expect(unhashed).to.deep.equal(sharedState);
    expect(accountRoot).to.equal(last.trace.newRoot);
    expect(hashes).to.be.greaterThan(before);
    // What was hashed meanwhile is what the proofs are made from.
    const first = batches.find(({ progress: { batchNumber } }) => batchNumber === 1)!;
    await jobs(provers[0]!, 1);
    provers[0]!.finish(0);
    await moment();
    expect(settled[0]!.data.newRoot).to.equal(first.trace.newRoot);
  });

  it("prepares no more batches than provers can take soon", async () => {
    let hashes = 0;
    start(1, [tier], (inputs) => {
      hashes += 1;
      return poseidon(inputs);
    });
    push(epoch(1));
    for (let account = 0; account < 6; account++) push(registration(account));
    await jobs(provers[0]!, 1);
    let seen: number;
    do {
      seen = hashes;
      await moment(30);
    } while (hashes > seen);
    provers[0]!.finish(0);
    await jobs(provers[0]!, 2);
    await moment(30);
    expect(hashes).to.be.greaterThan(seen);
  });

  it("ends its provers and settles nothing more when it is stopped", async () => {
    start();
    push(epoch(1), registration(0));
    pipeline.cut();
    await jobs(provers[0]!, 1);
    await pipeline.stop();
    expect(provers[0]!.closed).to.equal(true);
    provers[0]!.finish(0);
    await moment();
    expect(settled).to.deep.equal([]);
    expect(halts).to.deep.equal([]);
  });
});
