/**
 * Makes a production key with contributions of many people, of whom one honest one is enough. docs/ceremony.md says who does what.
 *
 *   npm run ceremony -- init --folder <folder> --tier <name> --ptau <file> --ptau-sha256 <hex> --beacon-source <words> [--minimum <n>]
 *   npm run ceremony -- contribute --folder <folder> --name <name> [--entropy-file <file, or - for standard input>]
 *   npm run ceremony -- beacon --folder <folder> --value <hex> [--iterations-power <n>]
 *   npm run ceremony -- verify --folder <folder> --ptau <file> [--r1cs <file>] [--includes <hash>] [--phase1]
 *   npm run ceremony -- finalize --folder <folder> --ptau <file> --out <folder> [--r1cs <file>]
 *
 * init also takes --main <circuit> --optimization <O1|O2> --circuit-name <name> in the place of --tier.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { DEPLOYED_TIERS, tierCircuit } from "./building/tier-circuits.ts";
import { applyBeacon, contribute, initCeremony } from "./ceremony/ceremony-steps.ts";
import { finalizeCeremony } from "./ceremony/finalize-ceremony.ts";
import type { CeremonyStep } from "./ceremony/transcript.ts";
import { verifyCeremony } from "./ceremony/verify-ceremony.ts";
import { REPOSITORY_ROOT } from "./circuits/build-circuit.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

interface InitFlags {
  readonly folder: string;
  readonly tier?: string;
  readonly main?: string;
  readonly circuitName?: string;
  readonly optimization: string;
  readonly ptau: string;
  readonly ptauSha256: string;
  readonly minimum: string;
  readonly beaconSource: string;
}

interface VerifyFlags {
  readonly folder: string;
  readonly ptau: string;
  readonly r1cs?: string;
  readonly includes?: string;
  readonly phase1?: true;
}

function circuitOf({ tier: tierName, main, circuitName, optimization }: InitFlags) {
  if (main !== undefined && circuitName !== undefined) {
    if (optimization !== "O1" && optimization !== "O2") throw new Refusal("--optimization is O1 or O2.");
    return { name: circuitName, main, optimization } as const;
  }
  const tier = DEPLOYED_TIERS.find(({ name }) => name === tierName);
  const names = DEPLOYED_TIERS.map(({ name }) => name).join(", ");
  if (tier === undefined) throw new Refusal(`Pass --tier (${names}), or --main and --circuit-name.`);
  const circuit = tierCircuit(tier);
  return { name: tier.name, main: circuit.main, optimization: circuit.optimization };
}

function wholeNumber(text: string, option: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new Refusal(`${option} needs a whole number, not "${text}".`);
  return Number(text);
}

function entropyOf(file: string | undefined): Uint8Array {
  if (file === undefined) return new Uint8Array();
  try {
    return readFileSync(file === "-" ? 0 : file);
  } catch {
    throw new Refusal(`${file} cannot be read.`);
  }
}

function verifying({ folder, ptau, r1cs, includes, phase1 }: VerifyFlags) {
  return {
    folder,
    ptauPath: ptau,
    root: REPOSITORY_ROOT,
    ...(r1cs === undefined ? {} : { r1csPath: r1cs }),
    ...(includes === undefined ? {} : { includes }),
    ...(phase1 === undefined ? {} : { phase1 }),
    onProgress: (sentence: string) => console.log(sentence),
  };
}

function tellStep({ number, name, contributionHash, zkeySha256 }: CeremonyStep): void {
  console.log(`step ${number} by ${name}\n  contribution ${contributionHash}\n  key SHA-256  ${zkeySha256}`);
}

const program = new Command("ceremony").description("production keys, made by many");
const inFolder = (name: string, description: string) =>
  program.command(name).description(description).requiredOption("--folder <folder>", "transcript and keys");
const withPtau = (command: Command) => command.requiredOption("--ptau <file>", "the phase 1 file");

withPtau(inFolder("init", "compile the circuit and make the key that contributions start from"))
  .requiredOption("--ptau-sha256 <hex>", "its SHA-256, from where it was published")
  .requiredOption("--beacon-source <words>", "which public randomness will end the ceremony")
  .option("--tier <name>", "tier of the deployment")
  .option("--main <circuit>", "another circuit's main file, relative to the checkout")
  .option("--circuit-name <name>", "its name")
  .option("--optimization <level>", "its optimization, O1 or O2", "O2")
  .option("--minimum <n>", "contributions that there must be before the beacon", "3")
  .action(async (flags: InitFlags) => {
    const { folder, ptau, ptauSha256, beaconSource } = flags;
    const minimumContributions = wholeNumber(flags.minimum, "--minimum");
    const { circuit, initialZkeySha256 } = await initCeremony({
      ...circuitOf(flags),
      folder,
      root: REPOSITORY_ROOT,
      ptauPath: ptau,
      ptauSha256,
      minimumContributions,
      beaconSource,
    });
    console.log(`constraints ${circuit.constraintCount}, r1cs SHA-256 ${circuit.r1csSha256}`);
    console.log(`first key SHA-256 ${initialZkeySha256}\nopen for contributions: ${resolve(folder)}`);
  });

inFolder("contribute", "add a secret of yours, which nobody sees and which dies with this process")
  .requiredOption("--name <name>", "who you are, for the transcript")
  .option("--entropy-file <file>", 'more randomness beside the system\'s: a file, or "-" for standard input')
  .action(async ({ folder, name, entropyFile }: { folder: string; name: string; entropyFile?: string }) => {
    tellStep(await contribute({ folder, name, extraEntropy: entropyOf(entropyFile) }));
    console.log("Publish your contribution's hash, signed, and keep it: verify --includes finds it in the final key.");
  });

inFolder("beacon", "end the ceremony with public randomness")
  .requiredOption("--value <hex>", "the beacon's value")
  .option("--iterations-power <n>", "it is hashed 2^n times", "10")
  .action(async ({ folder, value, iterationsPower }: { folder: string; value: string; iterationsPower: string }) => {
    const power = wholeNumber(iterationsPower, "--iterations-power");
    tellStep(await applyBeacon(folder, { valueHex: value, iterationsPower: power }));
  });

function recomputing(name: string, description: string): Command {
  return withPtau(inFolder(name, description))
    .option("--r1cs <file>", "constraints that you compiled elsewhere; compiled here otherwise")
    .option("--includes <hash>", "a contribution that must be part of it")
    .option("--phase1", "check the phase 1 file's own contributions too: hours for a large one");
}

recomputing("verify", "recompute everything, and believe nothing").action(async (flags: VerifyFlags) => {
  const { transcript, zkeySha256 } = await verifyCeremony(verifying(flags));
  for (const step of transcript.steps) tellStep(step);
  console.log(`beacon announced as: ${transcript.beaconSource}\nsound: ${transcript.name}, key SHA-256 ${zkeySha256}`);
});

recomputing("finalize", "verify, then write key, verifier contract and manifest")
  .requiredOption("--out <folder>", "where they go")
  .action(async (flags: VerifyFlags & { readonly out: string }) => {
    const { zkeyPath, vkeyPath, verifierPath, manifestPath } = await finalizeCeremony({
      ...verifying(flags),
      out: flags.out,
    });
    for (const path of [zkeyPath, vkeyPath, verifierPath, manifestPath]) console.log(path);
  });

await runCommand(async () => {
  await program.parseAsync();
  // snarkjs leaves its worker threads running.
  process.exit(0);
});
