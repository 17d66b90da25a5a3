import { expect } from "chai";
import { Result } from "ethers";
import { EXCHANGE } from "../../matcher/chain/contract-interfaces.ts";
import { isRevert, revertError } from "../../matcher/chain/revert-reason.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import type { BatchProgress } from "../../matcher/prover/batch-progress.ts";
import { startWorld, type World } from "../../scripts/demo/world.ts";
import { eventually } from "../chain/test-chain.ts";

const PROOF_LIMIT_MS = 300_000;

/** ethers' frozen results as plain values that can be changed: structs become objects, lists arrays. */
function plain(value: unknown): unknown {
  if (!(value instanceof Result)) return value;
  let fields: Record<string, unknown> = {};
  try {
    fields = value.toObject();
  } catch {
    // Its values have no names: a list.
  }
  const entries = Object.entries(fields);
  if (entries.length === 0 || "_" in fields) return value.toArray().map(plain);
  return Object.fromEntries(entries.map(([name, field]) => [name, plain(field)]));
}

interface Input {
  tier: bigint;
  commitment: bigint;
  bodyWords: bigint[];
  header: { newRoot: bigint; feeDeltaPicoUsd: bigint; journalHead: bigint };
  sharedState: { batchNumber: bigint };
  epoch: { timeSeconds: bigint };
  queueEntries: { head: bigint }[];
  proof: { a: bigint[]; b: bigint[][]; c: bigint[] };
}

describe("A batch with a real proof", function () {
  this.timeout(PROOF_LIMIT_MS + 120_000);
  let world: World;
  const progress: BatchProgress[] = [];
  const stateOf = (state: BatchProgress["state"]) => progress.find((told) => told.state === state);
  let settleCalls: { data: string; blockNumber: number };

  before(async () => {
    world = await startWorld({
      circuitsDir: "build/circuits",
      seed: 3n,
      print: () => {},
      matcher: {
        tiers: TIERS.filter(({ name }) => name === "small"),
        confirmations: 3,
        cadence: { leastMs: 3_600_000, idleMs: 3_600_000, aheadMax: 3, silentMs: 3_600_000, moveBoundPpm: 5_000 },
        onProgress: (told) => progress.push({ ...told }),
      },
    });
  });

  after(() => world?.close());

  it("is settled again when a reorganisation drops its transaction", async () => {
    const { provider, matcher, haltReport } = world;
    const orHalt =
      <T>(ask: () => T | undefined) =>
      () => {
        const report = haltReport();
        if (report !== undefined) throw new Error(report);
        return ask();
      };
    await eventually(
      "a batch being proven",
      orHalt(() => stateOf("proving")),
      60_000,
    );
    // No block may come between: one that the watcher has acted on must not be replaced.
    await provider.send("evm_setIntervalMining", [0]);
    const snapshot = await provider.send("evm_snapshot", []);
    const settled = await eventually(
      "the settlement",
      orHalt(() => stateOf("settled")),
      PROOF_LIMIT_MS,
    );
    const sent = await provider.getTransaction(settled.txHash!);
    settleCalls = { data: sent!.data, blockNumber: settled.blockNumber! };
    await provider.send("evm_revert", [snapshot]);
    await eventually(
      "the resubmission",
      async () => (await provider.getTransactionReceipt(settled.txHash!)) ?? undefined,
    );
    await provider.send("evm_setIntervalMining", [500]);
    const final = await eventually(
      "finality",
      orHalt(() => stateOf("final")),
      30_000,
    );
    expect(final.txHash).to.equal(settled.txHash);
    expect(final.gasUsed).to.be.lessThan(1_000_000);
    const { sequencer } = matcher;
    expect(sequencer.finality.provenThroughStep).to.equal(final.steps.last);
    expect(haltReport()).to.equal(undefined);
  });

  /** Name of the error with which the contract refuses the changed batch, in the state before it was settled; "" for none. */
  async function refusalOf(change: (input: Input) => void, blockTag: number | "latest"): Promise<string> {
    const { provider, deployment } = world;
    const input = plain(EXCHANGE.decodeFunctionData("settleBatches", settleCalls.data)[0][0]) as Input;
    change(input);
    const data = EXCHANGE.encodeFunctionData("settleBatches", [[input]]);
    try {
      await provider.call({ from: deployment.operator, to: deployment.exchange, data, blockTag });
      return "";
    } catch (error) {
      if (!isRevert(error)) throw error;
      return revertError("Settling", error).errorName ?? String(error);
    }
  }

  it("is accepted as it is, and refused with anything else in it", async () => {
    const before = settleCalls.blockNumber - 1;
    expect(await refusalOf(() => {}, before)).to.equal("");
    const changes: [string, (input: Input) => void, string][] = [
      ["new root", (input) => (input.header.newRoot += 1n), "ProofRejected"],
      ["fees", (input) => (input.header.feeDeltaPicoUsd += 1n), "ProofRejected"],
      ["journal head", (input) => (input.header.journalHead += 1n), "ProofRejected"],
      ["a body word", (input) => (input.bodyWords[input.bodyWords.length - 1]! += 1n), "ProofRejected"],
      ["the commitment", (input) => (input.commitment += 1n), "ProofRejected"],
      ["the proof", (input) => input.proof.a.splice(0, 2, 1n, 2n), "ProofRejected"],
      [
        "two points of the proof",
        (input) => ([input.proof.a, input.proof.c] = [input.proof.c, input.proof.a]),
        "ProofRejected",
      ],
      ["no entry of the queue", (input) => (input.queueEntries = []), "ProofRejected"],
      ["another entry", (input) => (input.queueEntries[0]!.head += 1n), "QueueMismatch"],
      ["another time", (input) => (input.epoch.timeSeconds += 1n), "EpochMismatch"],
      ["another number", (input) => (input.sharedState.batchNumber += 1n), "StaleSharedState"],
      ["another tier", (input) => (input.tier = 2n), "WrongBodyLength"],
    ];
    for (const [what, change, expected] of changes) expect(await refusalOf(change, before), what).to.equal(expected);
  });

  it("is refused a second time", async () => {
    expect(await refusalOf(() => {}, "latest")).to.equal("StaleSharedState");
  });
});
