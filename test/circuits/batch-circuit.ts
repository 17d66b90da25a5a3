import { readFileSync } from "node:fs";

import { challengeOf, commitmentOf, evaluate, publicData } from "../../matcher/protocol/public-data.ts";
import { genesisSharedState } from "../../matcher/protocol/shared-state.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { UnsatisfiedError, WitnessCalculator } from "../../matcher/prover/groth16/witness-calculator.ts";
import { bodyWords, feeDeltaPicoUsd } from "../../matcher/prover/public-body.ts";
import { type BatchInput, batchInput } from "../../matcher/prover/witness.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { buildCircuit } from "../../scripts/circuits/build-circuit.ts";

/** The vector d of a trace, without a contract: shared state fields are taken from the trace itself. */
export function dataOf(trace: BatchTrace): bigint[] {
  const sharedState = {
    ...genesisSharedState(),
    accountRoot: trace.oldRoot,
    batchNumber: trace.batchNumber - 1,
    epochNumber: trace.epoch.number,
    queueCursor: trace.queueCursor,
    grossOpenInterestLots: trace.grossOpenInterestBeforeLots,
    insuranceSpentPicoUsd: trace.insuranceSpentBeforePicoUsd,
  };
  return publicData({
    tier: trace.tier,
    domain: trace.domain,
    sharedState,
    epoch: trace.epoch,
    queue: trace.queue,
    ...(trace.request === undefined ? {} : { request: trace.request }),
    newRoot: trace.newRoot,
    journalHead: trace.journalHead,
    fundingDigest: trace.fundingDigest,
    feeDeltaPicoUsd: ((fee) => (fee < 0n ? fee + (1n << 253n) : fee))(feeDeltaPicoUsd(trace)),
    insuranceSpentAfterPicoUsd: trace.insuranceSpentAfterPicoUsd,
    grossOpenInterestAfterLots: trace.grossOpenInterestAfterLots,
    bodyWords: bodyWords(trace),
  });
}

/** Anything an attacker may change after the honest formatting: circuit inputs, and words of d as the circuit will see them. */
export interface Tamper {
  input?: (input: BatchInput) => void;
  data?: (words: bigint[]) => void;
}

export class BatchCircuit {
  readonly hash: Poseidon;
  readonly #calculator: WitnessCalculator;

  private constructor(hash: Poseidon, calculator: WitnessCalculator) {
    this.hash = hash;
    this.#calculator = calculator;
  }

  static async load(name: string, hash: Poseidon): Promise<BatchCircuit> {
    const built = await buildCircuit({
      main: `circuits/main/${name}.circom`,
      optimization: "O2",
      out: `build/circuits/${name}`,
      devKey: false,
    });
    return new BatchCircuit(hash, await WitnessCalculator.compile(readFileSync(built.wasmPath)));
  }

  inputOf(trace: BatchTrace, tamper: Tamper = {}): BatchInput {
    const words = dataOf(trace);
    tamper.data?.(words);
    const commitment = commitmentOf(trace.tier, words, this.hash);
    const z = challengeOf(31337, "0x00000000000000000000000000000000000000c1", trace.tier, commitment, words);
    const input: BatchInput = { ...batchInput(trace), commitment, z, y: evaluate(words, z) };
    tamper.input?.(input);
    return input;
  }

  /** 32 little-endian bytes a wire. @throws UnsatisfiedError naming the templates and lines of the violated constraint. */
  witness(trace: BatchTrace, tamper: Tamper = {}): Uint8Array {
    return this.#calculator.calculate(this.inputOf(trace, tamper));
  }

  /** The failing templates, innermost rule first, as "Template:line < …", or undefined when the batch has a witness. */
  async refusal(trace: BatchTrace, tamper: Tamper = {}): Promise<string | undefined> {
    try {
      this.witness(trace, tamper);
      return undefined;
    } catch (error) {
      if (!(error instanceof UnsatisfiedError)) throw error;
      const matches = error.message.matchAll(/Error in template (\w+?)_\d+ line: (\d+)/g);
      const chain = [...matches].map((match) => `${match[1]}:${match[2]}`);
      // The rule is the template that asked for the range, not the range's own.
      const rule = chain.findIndex((template) => !/^(Num2Bits|InRange):/.test(template));
      return chain.slice(rule).join(" < ");
    }
  }
}
