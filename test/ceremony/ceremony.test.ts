import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { groth16, wtns, zKey } from "snarkjs";
import { sha256OfFile } from "../../matcher/prover/setup/dev-key.ts";
import { devDelta } from "../../matcher/prover/setup/dev-trapdoor.ts";
import { SectionFile } from "../../matcher/prover/setup/section-file.ts";
import { readVerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import { lintVerificationKey } from "../../matcher/prover/setup/verification-key-lint.ts";
import { ZKEY_SECTION } from "../../matcher/prover/setup/zkey-file.ts";
import { type CeremonyManifest, readCeremonyManifest } from "../../scripts/ceremony/ceremony-manifest.ts";
import { applyBeacon, contribute, initCeremony, newZkey } from "../../scripts/ceremony/ceremony-steps.ts";
import { type FinishedCeremony, finalizeCeremony } from "../../scripts/ceremony/finalize-ceremony.ts";
import { readPhase2Record } from "../../scripts/ceremony/phase2-record.ts";
import { compileForCeremony } from "../../scripts/ceremony/reproducible-r1cs.ts";
import {
  type CeremonyStep,
  type CeremonyTranscript,
  readTranscript,
  transcriptPath,
  zkeyPathOf,
} from "../../scripts/ceremony/transcript.ts";
import { verifyCeremony } from "../../scripts/ceremony/verify-ceremony.ts";
import { REPOSITORY_ROOT } from "../../scripts/circuits/build-circuit.ts";
import { renderVerifier } from "../../scripts/verifier/render-verifier.ts";
import { BEACON, makePhase1, rewriteJson, SMALL_MAIN, smallInit } from "../fixtures/small-ceremony.ts";
import { forgeUnderUntouchedKey } from "../fixtures/zero-contribution-forgery.ts";
import { buildFixture, fixtureInput } from "../prover/fixture-circuit.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type LooseTranscript = Writable<Omit<CeremonyTranscript, "steps">> & { steps: CeremonyStep[] };

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => "nothing was refused",
    (error: Error) => error.message,
  );

describe("A ceremony", () => {
  let root: string;
  let folder: string;
  let phase1: { ptauPath: string; ptauSha256: string };
  let wasmPath: string;
  const nobody = new Uint8Array();
  const verifying = () => ({ folder, ptauPath: phase1.ptauPath, root: REPOSITORY_ROOT });
  /** The constraints that init compiled: verifying with them is quick. */
  const quickly = (where = folder) => ({ ...verifying(), folder: where, r1csPath: join(folder, "small.r1cs") });
  /** A copy of the ceremony as it is, for a test to spoil. */
  const copied = () => {
    const copy = mkdtempSync(join(root, "copy-"));
    cpSync(folder, copy, { recursive: true });
    return copy;
  };
  const spoiled = (change: (transcript: LooseTranscript) => void) => {
    const copy = copied();
    rewriteJson<LooseTranscript>(transcriptPath(copy), change);
    return refusal(verifyCeremony(quickly(copy)));
  };

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "clearbook-ceremony-"));
    folder = join(root, "ceremony");
    phase1 = await makePhase1(join(root, "phase1"));
    ({ wasmPath } = await buildFixture());
  });
  after(() => rmSync(root, { recursive: true }));

  describe("begins", () => {
    it("with a phase 1 file of the published hash only, a beacon that was announced, and room for contributions", async () => {
      const options = smallInit(folder, phase1);
      const begin = (change: object) => refusal(initCeremony({ ...options, ...change }));
      expect(await begin({ ptauSha256: "00".repeat(32) })).to.match(
        /^.* has SHA-256 .*: it is another phase 1 file\.$/,
      );
      expect(await begin({ ptauSha256: "abc" })).to.match(/pin is not a SHA-256/);
      expect(await begin({ ptauPath: join(root, "none.ptau") })).to.match(/is missing: fetch the phase 1 file/);
      expect(await begin({ minimumContributions: 0 })).to.match(/at least one contribution/);
      expect(await begin({ beaconSource: " " })).to.match(/before anybody can know it/);
      expect(await begin({ name: "../small" })).to.match(/cannot name a ceremony/);
      expect(existsSync(folder)).to.equal(false);
    });

    it("with a circuit that the phase 1 has powers for", async () => {
      const small = await makePhase1(join(root, "small-phase1"), 2);
      expect(await refusal(initCeremony(smallInit(join(root, "too-large"), small)))).to.match(
        /circuit too big for this/,
      );
    });

    it("with constraints that anybody compiles again to the byte, and with a first key that is no one's", async () => {
      const transcript = await initCeremony(smallInit(folder, phase1));
      expect(transcript.phase1).to.deep.equal({ sha256: phase1.ptauSha256, power: 4 });
      const again = await compileForCeremony({
        root: REPOSITORY_ROOT,
        main: SMALL_MAIN,
        optimization: "O2",
        r1csPath: join(root, "again.r1cs"),
      });
      expect(again).to.deep.equal(transcript.circuit);
      expect(again).to.include({
        constraintCount: 4,
        publicCount: 3,
        r1csSha256: sha256OfFile(join(root, "again.r1cs")),
      });
      await newZkey(join(root, "again.r1cs"), phase1.ptauPath, join(root, "again.zkey"));
      expect(sha256OfFile(join(root, "again.zkey"))).to.equal(transcript.initialZkeySha256);
    });

    it("once in a folder", async () => {
      expect(await refusal(initCeremony(smallInit(folder, phase1)))).to.match(/is there already/);
    });
  });

  describe("without contributions", () => {
    const lie = [1n, 2n, 3n];

    it("DANGER: leaves a key under which anybody proves anything, from its public points alone, and snarkjs calls it sound", async () => {
      const key = readVerificationKey(zkeyPathOf(folder, 0));
      const forged = forgeUnderUntouchedKey(key, lie);
      expect(await groth16.verify(key, lie.map(String), forged)).to.equal(true);
      expect(await groth16.verify(key, ["1", "2", "4"], forged)).to.equal(false);
      const path = zkeyPathOf(folder, 0);
      expect(await zKey.verifyFromInit(path, phase1.ptauPath, path)).to.equal(true);
    });

    it("leaves a key that the lint refuses, that no verifier is rendered of, and that is not finished", async () => {
      const key = readVerificationKey(zkeyPathOf(folder, 0));
      const [problem, ...more] = lintVerificationKey(key, { allowDev: false, expectedPublicCount: 3 });
      expect(problem!.code).to.equal("GAMMA_EQUALS_DELTA");
      expect(more).to.have.length(0);
      expect(() => renderVerifier({ name: "Small", vkey: key, devChainIds: [] })).to.throw("anyone can forge proofs");
      const out = join(root, "unfinished");
      expect(await refusal(finalizeCeremony({ ...quickly(), out }))).to.equal(
        "The ceremony has 0 contributions of the 2 it needs.",
      );
      expect(existsSync(out)).to.equal(false);
    });

    it("is not helped by a transcript that says there were some", async () => {
      const copy = copied();
      cpSync(zkeyPathOf(copy, 0), zkeyPathOf(copy, 3));
      const step = (number: number, kind: "contribution" | "beacon") => ({
        number,
        kind,
        name: `nobody ${number}`,
        contributionHash: "00".repeat(64),
        zkeySha256: sha256OfFile(zkeyPathOf(copy, 0)),
      });
      rewriteJson<LooseTranscript>(transcriptPath(copy), (transcript) => {
        transcript.steps = [step(1, "contribution"), step(2, "contribution"), step(3, "beacon")];
      });
      expect(await refusal(verifyCeremony(quickly(copy)))).to.match(/0003\.zkey has 0 contributions, not 3\.$/);
    });
  });

  describe("goes on", () => {
    it("with the beacon only behind enough contributions", async () => {
      expect(await refusal(applyBeacon(folder, BEACON))).to.match(/^0 of 2 contributions are there/);
    });

    it("with a contribution whose hash is the one that snarkjs shows", async () => {
      const step = await contribute({ folder, name: "Alice", extraEntropy: Buffer.from("dice: 4 6 1") });
      expect(step).to.include({ number: 1, kind: "contribution", name: "Alice" });
      const shown = await zKey.contribute(zkeyPathOf(folder, 1), join(root, "other.zkey"), "x", "y");
      const { contributions } = readPhase2Record(join(root, "other.zkey"));
      expect(contributions[0]).to.deep.equal({
        kind: "contribution",
        name: "Alice",
        contributionHash: step.contributionHash,
      });
      expect(contributions[1]!.contributionHash).to.equal(Buffer.from(shown as Uint8Array).toString("hex"));
    });

    it("with names that are plain and stand once", async () => {
      const by = (name: string) => refusal(contribute({ folder, name, extraEntropy: nobody }));
      expect(await by("Alice")).to.equal("Alice has contributed already.");
      expect(await by("Αlice")).to.match(/cannot name a contributor/);
      expect(await by("x".repeat(64))).to.match(/cannot name a contributor/);
      expect(await by("beacon")).to.match(/what ends a ceremony/);
    });

    it("from the key that the transcript names last, and from no other", async () => {
      const copy = copied();
      cpSync(zkeyPathOf(copy, 0), zkeyPathOf(copy, 1));
      const by = () => refusal(contribute({ folder: copy, name: "Bob", extraEntropy: nobody }));
      expect(await by()).to.match(/is not the key that the transcript names last/);
      rmSync(zkeyPathOf(copy, 1));
      expect(await by()).to.match(/is missing: fetch the last key/);
    });

    it("to another key each time: the system's randomness is in every secret", async () => {
      const [one, two] = [copied(), copied()];
      const hashes = [];
      for (const copy of [one, two]) {
        hashes.push((await contribute({ folder: copy, name: "Bob", extraEntropy: nobody })).contributionHash);
      }
      expect(hashes[0]).to.not.equal(hashes[1]);
    });
  });

  describe("ends", () => {
    let finished: FinishedCeremony;

    it("not without a beacon", async () => {
      await contribute({ folder, name: "Bob", extraEntropy: nobody });
      expect(await refusal(verifyCeremony(quickly()))).to.match(/^The ceremony has no beacon/);
    });

    it("with a beacon of enough bytes and rounds", async () => {
      const end = (change: object) => refusal(applyBeacon(folder, { ...BEACON, ...change }));
      expect(await end({ valueHex: "ab".repeat(31) })).to.match(/has 31 bytes, not 32 to 255/);
      expect(await end({ valueHex: "AB".repeat(32) })).to.match(/not lower-case hexadecimal/);
      expect(await end({ iterationsPower: 9 })).to.match(/2\^10 to 2\^63/);
      const step = await applyBeacon(folder, BEACON);
      expect(step).to.deep.include({ number: 3, kind: "beacon", name: "beacon", beacon: BEACON });
    });

    it("for good", async () => {
      expect(await refusal(contribute({ folder, name: "Carol", extraEntropy: nobody }))).to.match(
        /nothing can be added/,
      );
      expect(await refusal(applyBeacon(folder, BEACON))).to.match(/nothing can be added/);
    });

    it("with a key, a verifier and a manifest, recomputed from the sources", async () => {
      finished = await finalizeCeremony({ ...verifying(), out: join(root, "finished"), phase1: true });
      const manifest = readCeremonyManifest(finished.manifestPath);
      expect(manifest).to.deep.equal(finished.manifest);
      expect(manifest.contributions.map(({ name }) => name)).to.deep.equal(["Alice", "Bob", "beacon"]);
      expect(manifest.zkeySha256).to.equal(sha256OfFile(finished.zkeyPath));
      expect(manifest.transcriptSha256).to.equal(sha256OfFile(transcriptPath(folder)));
      expect(readFileSync(finished.verifierPath, "utf8")).to.match(
        /contract SmallCeremonyVerifier is BatchVerifier \{/,
      );
    });

    it("with a key that proves what is true, and that the forgery of an untouched key does not open", async () => {
      const key = readVerificationKey(finished.zkeyPath);
      expect(JSON.parse(readFileSync(finished.vkeyPath, "utf8"))).to.deep.equal(key);
      const witness = { type: "mem" as const };
      await wtns.calculate(fixtureInput([3n, 5n, 7n], 11n), wasmPath, witness);
      const { proof, publicSignals } = await groth16.prove(finished.zkeyPath, witness);
      expect(await groth16.verify(key, publicSignals, proof)).to.equal(true);
      const lie = [1n, 2n, 3n];
      expect(await groth16.verify(key, lie.map(String), forgeUnderUntouchedKey(key, lie))).to.equal(false);
    });

    it("with the last key alone in hand, since it carries every contribution", async () => {
      const copy = copied();
      for (const number of [0, 1, 2]) rmSync(zkeyPathOf(copy, number));
      const { transcript } = await verifyCeremony(quickly(copy));
      expect(transcript.steps).to.have.length(3);
    });

    it("with an answer for each contributor", async () => {
      const { steps } = readTranscript(folder);
      const mine = steps[0]!.contributionHash;
      await verifyCeremony({ ...quickly(), includes: mine.toUpperCase() });
      expect(await refusal(verifyCeremony({ ...quickly(), includes: "00".repeat(64) }))).to.match(
        /yours is not in this/,
      );
    });
  });

  describe("is refused by whoever verifies it", () => {
    it("for another circuit's constraints", async () => {
      const r1csPath = join(root, "linear.r1cs");
      const circuit = { root: REPOSITORY_ROOT, main: SMALL_MAIN, optimization: "O1", r1csPath } as const;
      const other = await compileForCeremony(circuit);
      const at = (where: string) => refusal(verifyCeremony({ ...quickly(where), r1csPath }));
      expect(await at(folder)).to.match(/the circuit is another one\.$/);
      // The transcript may name the other constraints: they give another first key.
      const copy = copied();
      rewriteJson<LooseTranscript>(transcriptPath(copy), (transcript) => {
        transcript.circuit = other;
      });
      expect(await at(copy)).to.equal("Constraints and phase 1 give another first key than the transcript names.");
      rewriteJson<LooseTranscript>(transcriptPath(copy), (transcript) => {
        transcript.circuit = { ...other, publicCount: 2 };
      });
      expect(await at(copy)).to.match(/counts other constraints or public inputs/);
    });

    it("for another phase 1, also when the transcript names it", async () => {
      const other = await makePhase1(join(root, "other-phase1"));
      const at = (where: string) => refusal(verifyCeremony({ ...quickly(where), ptauPath: other.ptauPath }));
      expect(await at(folder)).to.match(/it is another phase 1 file/);
      const copy = copied();
      rewriteJson<LooseTranscript>(transcriptPath(copy), ({ phase1: named }) => {
        Object.assign(named, { sha256: other.ptauSha256 });
      });
      expect(await at(copy)).to.equal("Constraints and phase 1 give another first key than the transcript names.");
    });

    it("for any changed name, hash, kind, beacon or order in the transcript", async () => {
      const other = /has another contribution|no beacon|behind the beacon|stands at place|contributions of the/;
      const changes: ((transcript: LooseTranscript) => void)[] = [
        ({ steps }) => Object.assign(steps[0]!, { name: "Mallory" }),
        ({ steps }) => Object.assign(steps[1]!, { contributionHash: "00".repeat(64) }),
        ({ steps }) => Object.assign(steps[1]!, { kind: "beacon" }),
        ({ steps }) => Object.assign(steps[2]!, { kind: "contribution" }),
        ({ steps }) => Object.assign(steps[2]!, { beacon: { ...BEACON, valueHex: "cd".repeat(32) } }),
        ({ steps }) => Object.assign(steps[2]!, { beacon: { ...BEACON, iterationsPower: 11 } }),
        ({ steps }) => steps.reverse(),
      ];
      for (const [i, change] of changes.entries()) expect(await spoiled(change), `change ${i}`).to.match(other);
      expect(await spoiled(({ steps }) => Object.assign(steps[1]!, { name: "Alice" }))).to.match(/stands twice/);
    });

    it("for a contribution that is left out or put in", async () => {
      expect(await spoiled(({ steps }) => steps.pop())).to.match(/no beacon/);
      expect(await spoiled(({ steps }) => steps.shift())).to.match(/1 contributions of the 2/);
      const more = await spoiled((transcript) => {
        transcript.minimumContributions = 1;
        transcript.steps = [transcript.steps[0]!, { ...transcript.steps[2]!, number: 2 }];
      });
      expect(more).to.match(/0002\.zkey is not the key that the transcript names/);
    });

    it("for any changed byte of the last key, whoever wrote its hash", async () => {
      const last = zkeyPathOf(folder, 3);
      const size = readFileSync(last).length;
      // In delta, in the points that a contribution changes, in those that it does not, and in the record.
      for (const at of [700, Math.floor(size / 2), size - 900, size - 40]) {
        const copy = copied();
        const bytes = readFileSync(last);
        bytes[at]! ^= 1;
        writeFileSync(zkeyPathOf(copy, 3), bytes);
        expect(await refusal(verifyCeremony(quickly(copy))), `byte ${at}`).to.match(/not the key that the transcript/);
        rewriteJson<LooseTranscript>(transcriptPath(copy), ({ steps }) => {
          Object.assign(steps[2]!, { zkeySha256: sha256OfFile(zkeyPathOf(copy, 3)) });
        });
        expect(await refusal(verifyCeremony(quickly(copy))), `byte ${at}, hash rewritten`).to.not.equal(
          "nothing was refused",
        );
      }
    });

    it("for points of the key before, which are sound points and not multiplied by the last secret", async () => {
      for (const section of [ZKEY_SECTION.c, ZKEY_SECTION.h]) {
        const copy = copied();
        const [before, last] = [zkeyPathOf(copy, 2), zkeyPathOf(copy, 3)].map((path) => {
          const file = new SectionFile(path, "zkey");
          const points = Buffer.from(file.read(section));
          file.close();
          return points;
        }) as [Buffer, Buffer];
        const bytes = readFileSync(zkeyPathOf(copy, 3));
        before.copy(bytes, bytes.indexOf(last));
        writeFileSync(zkeyPathOf(copy, 3), bytes);
        rewriteJson<LooseTranscript>(transcriptPath(copy), ({ steps }) => {
          Object.assign(steps[2]!, { zkeySha256: sha256OfFile(zkeyPathOf(copy, 3)) });
        });
        expect(await refusal(verifyCeremony(quickly(copy))), `section ${section}`).to.match(
          /0003\.zkey does not follow from its contributions: snarkjs refuses it\.$/,
        );
      }
    });

    it("for what is no transcript", async () => {
      const copy = copied();
      writeFileSync(transcriptPath(copy), "{}");
      expect(await refusal(verifyCeremony(quickly(copy)))).to.match(/is no transcript of a ceremony/);
      rmSync(transcriptPath(copy));
      expect(await refusal(verifyCeremony(quickly(copy)))).to.match(/transcript\.json is missing: start with/);
    });
  });

  describe("'s manifest", () => {
    const path = () => join(root, "finished", "small.ceremony.json");
    const spoil = (change: (manifest: Writable<CeremonyManifest>) => void) => {
      const copy = join(root, "spoiled.ceremony.json");
      cpSync(path(), copy);
      rewriteJson(copy, change);
      return () => readCeremonyManifest(copy);
    };

    it("is judged again when it is read: its key, its contributions, its verifier", () => {
      expect(spoil(() => {})).to.not.throw();
      expect(spoil((manifest) => (manifest.contributions = manifest.contributions.slice(0, 2)))).to.throw("no beacon");
      expect(spoil((manifest) => (manifest.contributions = []))).to.throw("tells of 0 contributions");
      expect(spoil((manifest) => (manifest.lintProblems = ["bad"]))).to.throw("refused");
      const untouched = readVerificationKey(zkeyPathOf(folder, 0));
      expect(spoil((manifest) => (manifest.verificationKey = untouched))).to.throw("Gamma equals delta");
      const other = readVerificationKey(zkeyPathOf(folder, 1));
      expect(spoil((manifest) => (manifest.verificationKey = other))).to.throw("another verifier contract");
      expect(spoil((manifest) => (manifest.format = "x" as CeremonyManifest["format"]))).to.throw("is no ceremony's");
      expect(() => readCeremonyManifest(join(root, "none.json"))).to.throw("finish the tier's ceremony");
    });
  });

  describe("'s command", () => {
    it("runs from the command line, each refusal one sentence", async () => {
      const run = promisify(execFile);
      const command = (...args: string[]) =>
        run(process.execPath, ["scripts/ceremony.ts", ...args], { cwd: REPOSITORY_ROOT });
      const { stdout } = await command(
        "verify",
        "--folder",
        folder,
        "--ptau",
        phase1.ptauPath,
        "--r1cs",
        join(folder, "small.r1cs"),
      );
      expect(stdout).to.match(/step 3 by beacon[\s\S]*sound: small, key SHA-256 [0-9a-f]{64}\n$/);
      const { code, stderr } = (await command("contribute", "--folder", folder, "--name", "Dave").catch(
        (error: unknown) => error,
      )) as { code: number; stderr: string };
      expect(code).to.equal(1);
      expect(stderr).to.equal("The beacon has ended this ceremony: nothing can be added.\n");
    });
  });
});

describe("The lint of a ceremony's key", () => {
  it("knows the development key's delta for the same circuit", async () => {
    const circuit = await buildFixture();
    const { verificationKey } = circuit.key!;
    expect(devDelta(circuit.r1csSha256)).to.be.greaterThan(1n);
    const sound = { ...verificationKey, vk_alpha_1: verificationKey.IC[1]!, vk_beta_2: verificationKey.vk_delta_2 };
    const codes = (r1csSha256: string) =>
      lintVerificationKey(sound, { allowDev: false, r1csSha256 }).map(({ code }) => code);
    expect(codes(circuit.r1csSha256)).to.include("KNOWN_DEV_KEY");
    expect(codes("00".repeat(32))).to.not.include("KNOWN_DEV_KEY");
  });
});
