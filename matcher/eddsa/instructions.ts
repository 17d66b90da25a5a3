/** WebAssembly code as nested lists of bytes; flattened when a module is put together. Operands stand before their operation. */
export type Code = readonly (number | Code)[];

/** Unsigned LEB128. */
export function unsignedBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

/** Signed LEB128. */
function signedBytes(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

const unary = (opcode: number) => (operand: Code) => [operand, opcode];
const binary = (opcode: number) => (left: Code, right: Code) => [left, right, opcode];
/** The second number is the alignment that the encoding claims, as a power of two; 0 claims nothing. */
const loading = (opcode: number) => (address: Code, offsetBytes: number) => [
  address,
  opcode,
  0,
  ...unsignedBytes(offsetBytes),
];
const storing = (opcode: number) => (address: Code, offsetBytes: number, value: Code) => [
  address,
  value,
  opcode,
  0,
  ...unsignedBytes(offsetBytes),
];

/** 32-bit integers: addresses, counters, truth values. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signedBytes(BigInt(value))],
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  shl: binary(0x74),
  shrS: binary(0x75),
  shrU: binary(0x76),
  isZero: unary(0x45),
  eq: binary(0x46),
  ltS: binary(0x48),
  gtS: binary(0x4a),
  leS: binary(0x4c),
  geS: binary(0x4e),
  wrap: unary(0xa7),
  load8S: loading(0x2c),
  load8U: loading(0x2d),
  load: loading(0x28),
  store: storing(0x36),
  store8: storing(0x3a),
};

/** 64-bit integers: limbs, columns of products, machine words. */
export const i64 = {
  const: (value: bigint): Code => [0x42, ...signedBytes(BigInt.asIntN(64, value))],
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  shl: binary(0x86),
  shrS: binary(0x87),
  shrU: binary(0x88),
  clz: unary(0x79),
  isZero: unary(0x50),
  eq: binary(0x51),
  ltS: binary(0x53),
  ltU: binary(0x54),
  extendU: unary(0xad),
  load: loading(0x29),
  load32S: loading(0x34),
  load32U: loading(0x35),
  store: storing(0x37),
  store32: storing(0x3e),
};

/** Statements under a condition. */
export function when(condition: Code, then: Code, otherwise?: Code): Code {
  return [condition, 0x04, 0x40, then, ...(otherwise === undefined ? [] : [0x05, otherwise]), 0x0b];
}

/** Repeats the body while the condition, looked at first, holds. */
export function whilst(condition: Code, body: Code): Code {
  return [0x02, 0x40, 0x03, 0x40, condition, 0x45, 0x0d, 1, body, 0x0c, 0, 0x0b, 0x0b];
}

/** Leaves the function with what is on the stack. */
export function leave(value: Code = []): Code {
  return [value, 0x0f];
}

/** One of two values. */
export function choose(condition: Code, then: Code, otherwise: Code): Code {
  return [then, otherwise, condition, 0x1b];
}
