import { FieldWriter } from "./field-writer.ts";
import { type Code, i32 } from "./instructions.ts";
import { ELEMENT_BYTES, type Modulus } from "./limbs.ts";
import type { MemoryPlan } from "./memory-plan.ts";
import { type FullRound, type PartialBlock, poseidonSchedule } from "./poseidon-schedule.ts";
import type { Local, WasmModule } from "./wasm-module.ts";

/** Divides the partial rounds of both widths that are used; blocks of five or six are no faster. */
const BLOCK_ROUNDS = 4;

/** Writes `sbox(to, from)` and `dot<n>(to, left, right, addend)`, sums of n products of elements in a row. */
export function writePoseidonParts(module: WasmModule, modulus: Modulus, widths: readonly number[]): void {
  module.define("sbox", { params: 2 }, (body) => {
    const [to, from] = body.params as [Local, Local];
    const field = new FieldWriter(body, modulus);
    const value = field.load(from.get);
    const square = field.square(value);
    field.store(to.get, 0, field.multiply(field.square(square), value));
  });
  const lengths = new Set([BLOCK_ROUNDS]);
  for (const width of widths) {
    lengths.add(width);
    for (let round = 0; round < BLOCK_ROUNDS; round++) lengths.add(width + round);
  }
  for (const length of lengths) {
    module.define(`dot${length}`, { params: 4 }, (body) => {
      const [to, left, right, addend] = body.params.map(({ get }) => get) as [Code, Code, Code, Code];
      const field = new FieldWriter(body, modulus);
      const pairs = Array.from({ length }, (_, i) => {
        return [field.load(left, i * ELEMENT_BYTES), field.load(right, i * ELEMENT_BYTES)] as const;
      });
      field.store(to, 0, field.sumOfProducts(pairs, field.inMemory(addend)));
    });
  }
}

/**
 * Writes `hash<n>(to, inputs)`: circomlib's Poseidon of n elements in a row, all in Montgomery form.
 * Needs {@link writePoseidonParts} for its width, and `add(to, left, right)`.
 */
export function writeHash(module: WasmModule, modulus: Modulus, plan: MemoryPlan, inputs: number): void {
  const width = inputs + 1;
  const schedule = poseidonSchedule(width, BLOCK_ROUNDS);
  // The state, then the outputs of a block's S-boxes, in a row: together the left side of a partial round's sum.
  const state = plan.elements(width + BLOCK_ROUNDS);
  const other = plan.elements(width);
  const element = (at: number, index: number) => at + index * ELEMENT_BYTES;
  const constants = (values: readonly bigint[]) => plan.constants(values, modulus);

  const fullRound = ({ matrix, constants: added }: FullRound, from: number, to: number, rows = width) => {
    const addends = constants(added);
    return [
      Array.from({ length: width }, (_, i) => module.call("sbox", element(from, i), element(from, i))),
      Array.from({ length: rows }, (_, i) =>
        module.call(`dot${width}`, element(to, i), from, constants(matrix[i] ?? []), element(addends, i)),
      ),
    ];
  };
  const partialBlock = ({ rounds, updates }: PartialBlock) => [
    rounds.map(({ factors, constant }, round) => [
      module.call("sbox", element(state, width + round), state),
      module.call(`dot${width + round}`, state, element(state, 1), constants(factors), constants([constant])),
    ]),
    updates.map((factors, i) => {
      const own = element(state, i + 1);
      return module.call(`dot${BLOCK_ROUNDS}`, own, element(state, width), constants(factors), own);
    }),
  ];

  module.define(`hash${inputs}`, { params: 2, exported: true }, (body) => {
    const [to, from] = body.params as [Local, Local];
    const first = constants(schedule.first);
    body.add(module.call("copy", state, first));
    for (let i = 1; i < width; i++) {
      const input = i32.add(from.get, i32.const(element(0, i - 1)));
      body.add(module.call("add", element(state, i), input, element(first, i)));
    }
    schedule.opening.forEach((round, i) => {
      body.add(...(i % 2 === 0 ? fullRound(round, state, other) : fullRound(round, other, state)));
    });
    for (const block of schedule.blocks) body.add(...partialBlock(block));
    const after = constants(schedule.afterBlocks);
    for (let i = 1; i < width; i++)
      body.add(module.call("add", element(state, i), element(state, i), element(after, i - 1)));
    schedule.closing.forEach((round, i) => {
      const last = i === schedule.closing.length - 1;
      body.add(...(i % 2 === 0 ? fullRound(round, state, other) : fullRound(round, other, state, last ? 1 : width)));
    });
    body.add(module.call("copy", to.get, state));
  });
}
