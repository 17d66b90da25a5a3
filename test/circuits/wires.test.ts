import { expect } from "chai";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { BatchCircuit } from "./batch-circuit.ts";
import { R1csSystem, witnessValues } from "./r1cs-system.ts";
import { looseWires, undeterminedWires } from "./r1cs-wires.ts";
import { branchBatches, type NamedBatch, randomBatches } from "./wires-batches.ts";
import { isAllowed, LOOSE_WIRES, WITNESS_OUTPUTS } from "./wires-loose.ts";
import { requestBatches } from "./wires-requests.ts";

const FOLDER = "build/circuits/test";

/**
 * What circom's own checks cannot see: a wire that no constraint holds. The first test is exact for one wire at a time; the second is for any
 * number of them together, but only for continuous freedom: that a bit is a bit is for the gadgets' and the attackers' tests.
 */
describe("batch circuit: every wire is bound", function () {
  this.timeout(300_000);
  let system: R1csSystem;
  let witnesses: { name: string; values: bigint[] }[];

  before(async () => {
    const hash = await buildFastPoseidon();
    const circuit = await BatchCircuit.load("test", hash);
    system = R1csSystem.load(`${FOLDER}/test.r1cs`, `${FOLDER}/test.sym`);
    const batches: NamedBatch[] = [
      ...branchBatches(hash),
      ...requestBatches(hash),
      ...randomBatches(hash, [1, 2, 3], 30),
    ];
    witnesses = batches.map(({ name, trace }) => ({ name, values: witnessValues(circuit.witness(trace)) }));
  });

  it("a wire with another value breaks a constraint, whatever the value, in every honest batch", () => {
    const used = new Set<string>();
    for (const { name, values } of witnesses) {
      expect(system.violations(values), name).to.deep.equal([]);
      for (const [wire, other] of looseWires(system, values)) {
        const signals = system.names[wire] as readonly string[];
        const allowance = LOOSE_WIRES.find((entry) => isAllowed(entry, signals, other, values[wire] as bigint));
        expect(allowance, `${name}: ${signals.join(" = ")} may become ${other}`).to.not.equal(undefined);
        used.add(allowance?.signal.source as string);
      }
    }
    expect([...used].sort(), "an allowance that nothing needs").to.deep.equal(
      LOOSE_WIRES.map(({ signal }) => signal.source).sort(),
    );
  });

  /** Inputs but those that other signals decide. */
  const given = () => {
    const decided = new Set(WITNESS_OUTPUTS.map((name) => system.wireOf(`main.${name}`)));
    return (wire: number) => wire < system.inputEnd && !decided.has(wire);
  };

  // In the first batch rows and slots are unused, so no check at the end of a computation hides a gap in its middle; the second uses everything.
  for (const position of [0, 1]) {
    it(`the inputs determine every other wire: batch ${position + 1}`, () => {
      const { values } = witnesses[position] as (typeof witnesses)[number];
      for (const wire of undeterminedWires(system, values, given())) {
        const signals = system.names[wire] as readonly string[];
        const allowed = LOOSE_WIRES.some((entry) => isAllowed(entry, signals, "any", values[wire] as bigint));
        expect(allowed, `${signals.join(" = ")} is not determined`).to.equal(true);
      }
    });
  }

  it("finds a constraint that is missing", () => {
    const { values } = witnesses[0] as (typeof witnesses)[number];
    const slope = system.wireOf("main.row[0].signature.times.step[7].slope1");
    const { starts, combinations } = system.termsByWire;
    const definition = Math.floor((combinations[starts[slope] as number] as number) / 3);
    const lacking = system.without(new Set([definition]));
    expect([...undeterminedWires(lacking, values, given())]).to.include(slope);
    const product = system.wireOf("main.account[1].rule.initialProduct");
    const touching = new Set<number>();
    for (let j = starts[product] as number; j < (starts[product + 1] as number); j++) {
      touching.add(Math.floor((combinations[j] as number) / 3));
    }
    expect(looseWires(system.without(touching), values).get(product)).to.equal("any");
  });
});
