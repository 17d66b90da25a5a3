import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { groth16 } from "snarkjs";
import { ProofFailed, type ProofPhase } from "../../matcher/prover/groth16/proof-failed.ts";
import { type Prover, startProver } from "../../matcher/prover/groth16/prover.ts";
import type { BuiltCircuit } from "../../scripts/circuits/build-circuit.ts";
import { buildFixture, FIXTURE_CIRCUITS, fixtureInput, FIXTURE_TIER as tier } from "./fixture-circuit.ts";

const input = fixtureInput([3n, 5n, 7n], 11n);

/** The failure of a job that must fail. */
async function failureOf(proof: Promise<unknown>): Promise<ProofFailed> {
  const outcome = await proof.then(
    () => new Error("the job succeeded"),
    (error: unknown) => error,
  );
  if (outcome instanceof ProofFailed) return outcome;
  throw outcome;
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilDead(processId: number): Promise<void> {
  for (let i = 0; i < 100 && isAlive(processId); i++) await new Promise((wake) => setTimeout(wake, 50));
  expect(isAlive(processId), "the process lives on").to.equal(false);
}

/** Whether this system has sessions with weights that processes may set: that of this one is written as it is. */
function canWeighSessions(): boolean {
  const session = "/proc/self/autogroup";
  const nice = existsSync(session) ? / nice (-?\d+)\n$/.exec(readFileSync(session, "utf8"))?.[1] : undefined;
  try {
    if (nice !== undefined) writeFileSync(session, nice);
    return nice !== undefined;
  } catch {
    return false;
  }
}

describe("prover process", () => {
  let circuit: BuiltCircuit;
  let prover: Prover;

  before(async () => {
    circuit = await buildFixture();
    prover = await startProver({ circuitsDir: FIXTURE_CIRCUITS, threads: 2 });
  });
  after(() => prover.close());

  it("proves, with a proof that snarkjs verifies and public signals in declared order", async () => {
    const phases: ProofPhase[] = [];
    const result = await prover.prove({ tier, input, onPhase: (phase) => phases.push(phase) });
    expect(result.publicSignals).to.deep.equal([22n, 11n, 905n]);
    const { verificationKey } = circuit.key!;
    expect(await groth16.verify(verificationKey, ["22", "11", "905"], result.proof)).to.equal(true);
    expect(await groth16.verify(verificationKey, ["22", "11", "906"], result.proof)).to.equal(false);
    expect(phases).to.deep.equal(["load", "witness", "prove", "verify"]);
    expect(Object.keys(result.timings)).to.deep.equal(["loadMs", "witnessMs", "proveMs", "verifyMs"]);
  });

  it("gives call data with b's coefficients in the EVM's order", async () => {
    const { proof, calldata } = await prover.prove({ tier, input });
    expect(calldata.a).to.deep.equal([BigInt(proof.pi_a[0]), BigInt(proof.pi_a[1])]);
    expect(calldata.b[0]).to.deep.equal([BigInt(proof.pi_b[0][1]), BigInt(proof.pi_b[0][0])]);
    expect(calldata.b[1]).to.deep.equal([BigInt(proof.pi_b[1][1]), BigInt(proof.pi_b[1][0])]);
    expect(calldata.c).to.deep.equal([BigInt(proof.pi_c[0]), BigInt(proof.pi_c[1])]);
  });

  it("uses fresh randomness: two proofs of one statement differ", async () => {
    const [first, second] = await Promise.all([prover.prove({ tier, input }), prover.prove({ tier, input })]);
    expect(first.calldata.a).to.not.deep.equal(second.calldata.a);
  });

  it("reports an unsatisfied witness with circom's words, and goes on with the next job", async () => {
    const lie = prover.prove({ tier, input: { ...input, y: input.y + 1n } });
    const next = prover.prove({ tier, input });
    const failure = await failureOf(lie);
    expect(failure).to.include({ code: "UNSATISFIED", tier, phase: "witness" });
    expect(failure.report).to.match(/Error in template PolynomialValue\w* line: 2\d/);
    expect((await next).publicSignals[0]).to.equal(22n);
  });

  it("reduces inputs modulo r, so that negative numbers are their field elements", async () => {
    const negative = fixtureInput([-3n, 5n, 7n], 11n);
    const { publicSignals } = await prover.prove({ tier, input: negative });
    expect(publicSignals[0]).to.equal(21888242871839275222246405745257275088548364400416034343698204186575808495609n);
  });

  it("refuses inputs that do not fit the circuit", async () => {
    const { d, ...withoutWords } = input;
    const cases = [
      { given: withoutWords, report: "only 3 of 6 input values were given" },
      { given: { ...input, d: d.slice(1) }, report: "input d takes 3 values, not 2" },
      { given: { ...input, extra: 1n }, report: "the circuit has no input extra" },
    ];
    for (const { given, report } of cases) {
      expect(await failureOf(prover.prove({ tier, input: given }))).to.include({ code: "BAD_INPUT", report });
    }
  });

  it("refuses an unknown tier", async () => {
    expect(await failureOf(prover.prove({ tier: "nowhere", input }))).to.include({ code: "TIER_UNAVAILABLE" });
    expect(await failureOf(prover.prove({ tier: "../x", input }))).to.include({ code: "TIER_UNAVAILABLE" });
  });

  it("runs at the lowest priority, in a process group of its own", () => {
    const { processId } = prover;
    expect(getPriority(processId!)).to.equal(19);
    // Where Linux weighs sessions first, the one that it leads must be the lightest, too.
    if (canWeighSessions()) expect(readFileSync(`/proc/${processId}/autogroup`, "utf8")).to.match(/ nice 19\n$/);
    const group = execFileSync("ps", ["-o", "pgid=", "-p", String(processId)], { encoding: "utf8" });
    expect(Number(group)).to.equal(processId);
  });

  it("fails the job at work when its process is killed, and proves the next in a new process", async () => {
    const first = prover.processId!;
    const [lost, next] = [prover.prove({ tier, input }), prover.prove({ tier, input })];
    process.kill(first, "SIGKILL");
    const failure = await failureOf(lost);
    expect(failure.code).to.equal("PROVER_CRASHED");
    expect(failure.report).to.include("SIGKILL");
    expect((await next).publicSignals[0]).to.equal(22n);
    expect(prover.processId).to.not.equal(first);
  });
});

describe("prover process, life and death", () => {
  before(() => buildFixture());

  it("gives up a job that takes too long", async () => {
    const prover = await startProver({ circuitsDir: FIXTURE_CIRCUITS, threads: 1, jobLimitMs: 1 });
    expect(await failureOf(prover.prove({ tier, input }))).to.include({ code: "TIMED_OUT" });
    await prover.close();
  });

  it("fails open jobs when it is closed, ends its process, and takes no more", async () => {
    const prover = await startProver({ circuitsDir: FIXTURE_CIRCUITS, threads: 1 });
    const processId = prover.processId!;
    const jobs = [prover.prove({ tier, input }), prover.prove({ tier, input })].map(failureOf);
    await prover.close();
    for (const failure of await Promise.all(jobs)) expect(failure.code).to.equal("PROVER_CLOSED");
    expect(isAlive(processId)).to.equal(false);
    expect(await failureOf(prover.prove({ tier, input }))).to.include({ code: "PROVER_CLOSED" });
    await prover.close();
  });

  it("gives way to others as far as it was told", async () => {
    const prover = await startProver({ circuitsDir: FIXTURE_CIRCUITS, threads: 1, niceness: 3 });
    expect(getPriority(prover.processId!)).to.equal(3);
    await prover.close();
  });

  it("ends by itself when its parent dies without a word", async () => {
    const url = fileURLToPath(new URL("../../matcher/prover/groth16/prover.ts", import.meta.url));
    const script = `
      import { startProver } from ${JSON.stringify(url)};
      const prover = await startProver({ circuitsDir: ${JSON.stringify(FIXTURE_CIRCUITS)}, threads: 1 });
      process.stdout.write(String(prover.processId), () => process.kill(process.pid, "SIGKILL"));`;
    let output = "";
    try {
      execFileSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], { encoding: "utf8" });
    } catch (error) {
      output = (error as { stdout: string }).stdout;
    }
    expect(Number(output)).to.be.greaterThan(0);
    await untilDead(Number(output));
  });
});

describe("prover process with files that do not fit together", () => {
  let folder: string;
  let circuit: BuiltCircuit;

  before(async () => {
    circuit = await buildFixture();
    folder = mkdtempSync(join(tmpdir(), "clearbook-prover-"));
    mkdirSync(join(folder, tier));
    for (const ending of ["wasm", "insecure-dev.zkey", "insecure-dev.vkey.json"]) {
      copyFileSync(join(circuit.folder, `${tier}.${ending}`), join(folder, tier, `${tier}.${ending}`));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  async function failWith(change: () => void): Promise<ProofFailed> {
    const prover = await startProver({ circuitsDir: folder, threads: 1 });
    try {
      change();
      return await failureOf(prover.prove({ tier, input }));
    } finally {
      await prover.close();
    }
  }

  it("never answers with a proof that the verification key refuses", async () => {
    const vkeyPath = join(folder, tier, `${tier}.insecure-dev.vkey.json`);
    const key = JSON.parse(readFileSync(vkeyPath, "utf8"));
    const failure = await failWith(() =>
      writeFileSync(vkeyPath, JSON.stringify({ ...key, vk_delta_2: key.vk_gamma_2 })),
    );
    expect(failure).to.include({ code: "NOT_VERIFIED", phase: "verify" });
    writeFileSync(vkeyPath, JSON.stringify(key));
  });

  it("refuses a verification key of another circuit", async () => {
    const vkeyPath = join(folder, tier, `${tier}.insecure-dev.vkey.json`);
    const key = JSON.parse(readFileSync(vkeyPath, "utf8"));
    const failure = await failWith(() => writeFileSync(vkeyPath, JSON.stringify({ ...key, IC: key.IC.toReversed() })));
    expect(failure).to.include({ code: "TIER_UNAVAILABLE", phase: "load" });
    writeFileSync(vkeyPath, JSON.stringify(key));
  });

  it("refuses to guess between a ceremony's key and a development key", async () => {
    const failure = await failWith(() => writeFileSync(join(folder, tier, `${tier}.zkey`), "zkey"));
    expect(failure.report).to.include("both a ceremony's and a development key");
    rmSync(join(folder, tier, `${tier}.zkey`));
  });

  it("reports a key that is cut short", async () => {
    const zkeyPath = join(folder, tier, `${tier}.insecure-dev.zkey`);
    const failure = await failWith(() => writeFileSync(zkeyPath, readFileSync(zkeyPath).subarray(0, 3000)));
    expect(failure).to.include({ code: "TIER_UNAVAILABLE", phase: "load" });
  });
});
