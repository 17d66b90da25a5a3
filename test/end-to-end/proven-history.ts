import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TransactionReceipt } from "ethers";
import type { Groth16Proof } from "snarkjs";
import { settleBatchesCall } from "../../matcher/chain/settle-call.ts";
import type { ProvenBatch } from "../../matcher/protocol/proven-batch.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import type { Tier } from "../../matcher/protocol/spec.ts";
import { type batchDataOf, publicInputsOf } from "../../matcher/prover/batch-data.ts";
import { calldataOf } from "../../matcher/prover/groth16/proof.ts";
import { startProver } from "../../matcher/prover/groth16/prover.ts";
import { tierFiles } from "../../matcher/prover/groth16/tier-files.ts";
import { forgeDevProof } from "../../matcher/prover/setup/forge-dev-proof.ts";
import type { VerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import { batchInput as witnessInput } from "../../matcher/prover/witness.ts";
import { type BatchArgument, batchInput } from "../contracts/batches.ts";
import type { RandomBatch } from "./random-history.ts";
import type { RealExchange } from "./real-exchange.ts";

const ROOT = join(import.meta.dirname, "../..");
const CIRCUITS = join(ROOT, "build/circuits");
const THREADS = 2;

/** Proves the batches one after the other in the prover's own process, as the pipeline does. */
export async function proveAll(
  batches: readonly RandomBatch[],
  { chainId, address }: RealExchange,
  hash: Poseidon,
): Promise<ProvenBatch[]> {
  const prover = await startProver({ circuitsDir: CIRCUITS, threads: THREADS, niceness: 0 });
  try {
    const proven: ProvenBatch[] = [];
    for (const { trace, data } of batches) {
      const inputs = publicInputsOf(data, chainId, address, hash);
      const { calldata } = await prover.prove({
        tier: trace.tier.name,
        input: { ...witnessInput(trace), ...inputs },
      });
      const { batchNumber } = trace;
      proven.push({ batchNumber, data, commitment: inputs.commitment, proof: calldata });
    }
    return proven;
  } finally {
    await prover.close();
  }
}

/** A proof of any words at all, true or not, made in milliseconds from the public trapdoor of the tier's development key. */
export function forgedBatch(
  data: ReturnType<typeof batchDataOf>,
  { chainId, address }: Pick<RealExchange, "chainId" | "address">,
  hash: Poseidon,
): ProvenBatch {
  const { commitment, z, y } = publicInputsOf(data, chainId, address, hash);
  const proof = forgedProof(data.tier, [commitment, z, y]);
  const batchNumber = data.sharedState.batchNumber + 1;
  return { batchNumber, data, commitment, proof: calldataOf(proof) };
}

/** A proof of a tier's statement about any public inputs at all. */
export function forgedProof(tier: Pick<Tier, "name">, publicSignals: readonly bigint[]): Groth16Proof {
  const { key, r1csSha256 } = devKey(tier);
  return forgeDevProof({ key, r1csSha256, publicSignals }) as unknown as Groth16Proof;
}

const devKeys = new Map<string, { key: VerificationKey; r1csSha256: string }>();

function devKey({ name }: Pick<Tier, "name">): { key: VerificationKey; r1csSha256: string } {
  const known = devKeys.get(name);
  if (known !== undefined) return known;
  const key = JSON.parse(readFileSync(tierFiles(CIRCUITS, name).vkeyPath, "utf8")) as VerificationKey;
  const r1cs = readFileSync(join(CIRCUITS, name, `${name}.r1cs`));
  const read = { key, r1csSha256: createHash("sha256").update(r1cs).digest("hex") };
  devKeys.set(name, read);
  return read;
}

/** Sends a batch as the matcher does. @throws what the contract reverts with */
export async function settle(real: RealExchange, batch: ProvenBatch): Promise<TransactionReceipt> {
  const sent = await real.operator.sendTransaction({ to: real.address, data: settleBatchesCall([batch]) });
  const receipt = await sent.wait();
  if (receipt === null) throw new Error("the batch was not mined");
  return receipt;
}

/** The batch as an argument that can be tampered with before it is sent. */
export function argumentOf({ data, commitment, proof }: ProvenBatch): BatchArgument {
  const { a, b, c } = structuredClone(proof);
  return { ...batchInput(data, commitment), proof: { a: [...a], b: b.map((pair) => [...pair]), c: [...c] } };
}
