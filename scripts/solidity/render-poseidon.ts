import { type PoseidonRecurrence, poseidonRecurrence } from "../../matcher/eddsa/poseidon-recurrence.ts";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";

const WIDTH = 9;
const QUEUE = WIDTH - 1;
/** As many products, each below r, can be added without leaving 256 bits. */
const SUMMANDS = 5;
const WORD = 32;

const hex = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;
const product = (factor: bigint, variable: string) => `mulmod(${hex(factor)}, ${variable}, r)`;
/** Nested additions, the first one innermost, so that few of them wait on the stack. */
const sum = (terms: readonly string[]) => terms.reduce((rest, term) => `add(${term}, ${rest})`);

/** Σ of at most ten terms below r, reduced. */
function reducedSum(terms: readonly string[]): string {
  if (terms.length > 2 * SUMMANDS) throw new RangeError(`a sum of ${terms.length} needs more than one reduction`);
  return `addmod(${sum(terms.slice(0, SUMMANDS))}, ${sum(terms.slice(SUMMANDS))}, r)`;
}

const at = (base: string, index: number) => (index === 0 ? base : `add(${base}, ${index * WORD})`);
const names = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i}`);
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

function sbox(name: string): string[] {
  return [`t := mulmod(${name}, ${name}, r)`, `${name} := mulmod(mulmod(t, t, r), ${name}, r)`];
}

/** Rows of a matrix over what a full round's S-boxes gave. */
function rows(matrix: readonly (readonly bigint[])[]): string[] {
  const variables = names("x", WIDTH);
  return matrix.map((row, i) => {
    const terms = row.map((factor, j) => product(factor, variables[j] as string));
    return `mstore(${at("place", i)}, ${reducedSum(terms)})`;
  });
}

/** A full round as a function of Yul: constants, S-boxes, a matrix. The state is read from memory and written back. */
function fullRound(name: string, matrix: readonly (readonly bigint[])[]): string[] {
  const variables = names("x", WIDTH);
  return [
    `function ${name}(place, added, r) {`,
    ...variables.flatMap((x, i) => [`let ${x} := add(mload(${at("place", i)}), mload(${at("added", i)}))`]),
    "{",
    "let t",
    ...variables.flatMap(sbox),
    "}",
    ...rows(matrix),
    "}",
  ];
}

/** Partial round `index` of eight, after which every name of the queue is in use again for what it stands for now. */
function partialRound(recurrence: PoseidonRecurrence, index: number): string[] {
  const queue = range(QUEUE).map((i) => `z${(i + index) % QUEUE}`);
  const terms = (factors: readonly bigint[]) => factors.map((factor, i) => product(factor, queue[i] as string));
  return [
    `{ let t := mulmod(x, x, r) x := mulmod(mulmod(t, t, r), x, r) }`,
    `{ let next := ${reducedSum([...terms(recurrence.output), product(recurrence.own, "x")])}`,
    // The new end of the queue takes the place of what leaves it.
    `${queue[0]} := ${reducedSum([...terms(recurrence.feedback), "x"])}`,
    `x := add(next, mload(${at("constants", index + 1)})) }`,
  ];
}

function constantsTable(recurrence: PoseidonRecurrence): bigint[] {
  const half = recurrence.fullConstants.length / 2;
  // Behind the last partial constant, element 0's own of the next full round: 0, as that round adds it itself.
  return [
    ...recurrence.fullConstants.slice(0, half).flat(),
    ...recurrence.partialConstants,
    0n,
    ...recurrence.fullConstants.slice(half).flat(),
  ];
}

function hashBody(recurrence: PoseidonRecurrence): string[] {
  const half = recurrence.fullConstants.length / 2;
  const rounds = recurrence.partialConstants.length;
  const afterPartial = half * WIDTH + rounds + 1;
  const queue = names("z", QUEUE);
  // The queue has turned by the rounds done: its i-th element stands under this name.
  const turned = range(QUEUE).map((i) => `z${(i + rounds) % QUEUE}`);
  const lastFirst = (rounds % QUEUE) - 1;
  return [
    ...range(half - 1).map((i) => `mix(state, ${at("table", i * WIDTH)}, r)`),
    `enter(state, ${at("table", (half - 1) * WIDTH)}, r)`,
    "{",
    `let constants := ${at("table", half * WIDTH)}`,
    `let end := add(constants, ${(rounds - (rounds % QUEUE)) * WORD})`,
    ...queue.map((z, i) => `let ${z} := mload(${at("state", i + 1)})`),
    "let x := add(mload(state), mload(constants))",
    "for {} 1 {} {",
    ...range(lastFirst + 1).flatMap((i) => partialRound(recurrence, i)),
    "if eq(constants, end) { break }",
    ...range(QUEUE - lastFirst - 1).flatMap((i) => partialRound(recurrence, lastFirst + 1 + i)),
    `constants := add(constants, ${QUEUE * WORD})`,
    "}",
    "mstore(state, x)",
    ...recurrence.leaving.map((row, i) => {
      const terms = row.map((factor, j) => product(factor, turned[j] as string));
      return `mstore(${at("state", i + 1)}, ${reducedSum(terms)})`;
    }),
    "}",
    ...range(half - 1).map((i) => `mix(state, ${at("table", afterPartial + i * WIDTH)}, r)`),
    `finish(state, ${at("table", afterPartial + (half - 1) * WIDTH)}, r)`,
  ];
}

/** Indents by the braces of what it is given. */
function indented(lines: readonly string[], start: number): string[] {
  let depth = start;
  return lines.map((line) => {
    const closes = line.startsWith("}");
    if (closes) depth -= 1;
    const text = `${"    ".repeat(depth)}${line}`;
    if (!closes || line.endsWith("{")) depth += (line.match(/\{/g) ?? []).length - (line.match(/\}/g) ?? []).length;
    return text;
  });
}

/** contracts/generated/Poseidon8.sol: H_8 of docs/protocol.md for the EVM. */
export function renderPoseidon(banner: string): string {
  const recurrence = poseidonRecurrence(WIDTH);
  const table = constantsTable(recurrence);
  const assembly = [
    'assembly ("memory-safe") {',
    ...fullRound("mix", recurrence.matrix),
    ...fullRound("enter", recurrence.entering),
    ...fullRound("finish", recurrence.matrix.slice(0, 1)),
    "",
    `let r := ${hex(FIELD_ORDER)}`,
    "mstore(state, 0)",
    ...hashBody(recurrence),
    "result := mload(state)",
    "}",
  ];
  return `${[
    "// SPDX-License-Identifier: GPL-3.0-or-later",
    "pragma solidity ^0.8.28;",
    "",
    `// ${banner}`,
    "",
    "/// @title circomlib's Poseidon of eight inputs.",
    "/// @dev Full rounds as they are; partial rounds as the linear recurrence of matcher/eddsa/poseidon-recurrence.ts, whose factors are the same",
    "/// in every round, so that they fit into a contract's code. Sums of five products stay below 2^256 and are reduced once.",
    "library Poseidon8 {",
    `    uint256 private constant TABLE_BYTES = ${table.length * WORD};`,
    `    uint256 private constant STATE_BYTES = ${WIDTH * WORD};`,
    "",
    "    /// @notice Room for hashing: constants that all hashes of a call share, and a state.",
    "    struct Machine {",
    "        uint256 table;",
    "        uint256 state;",
    "    }",
    "",
    "    function prepare() internal pure returns (Machine memory machine) {",
    "        uint256 table;",
    '        assembly ("memory-safe") {',
    "            table := mload(0x40)",
    "            mstore(0x40, add(table, add(TABLE_BYTES, STATE_BYTES)))",
    ...table.map((constant, i) => `            mstore(${at("table", i)}, ${hex(constant)})`),
    "        }",
    "        machine.table = table;",
    "        machine.state = table + TABLE_BYTES;",
    "    }",
    "",
    "    /// @notice Memory address of the eight words that the next hash is of. Every hash leaves something else there.",
    "    function inputs(Machine memory machine) internal pure returns (uint256) {",
    "        return machine.state + 32;",
    "    }",
    "",
    "    /// @dev A word that is not below r counts as another one that is: whoever needs it to be unique checks that.",
    "    function hash(Machine memory machine) internal pure returns (uint256 result) {",
    "        uint256 table = machine.table;",
    "        uint256 state = machine.state;",
    ...indented(assembly, 2),
    "    }",
    "}",
  ].join("\n")}\n`;
}
