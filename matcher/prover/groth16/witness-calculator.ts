import { fieldFromBytes, fieldToBytes, modScalar, SCALAR_FIELD_ORDER } from "../setup/bn254.ts";
import type { CircuitInput, SignalValue } from "./proof.ts";

/** No witness exists for an input; the message is circom's, with the template and line. */
export class UnsatisfiedError extends Error {
  override readonly name = "UnsatisfiedError";
}

/** The input does not fit the circuit's signals. */
export class CircuitInputError extends Error {
  override readonly name = "CircuitInputError";
}

const FIELD_WORDS = 8;
const FIELD_BYTES = 32;

/** What circom's exception codes mean. https://docs.circom.io, witness calculator. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "signal not found",
  2: "too many signals set",
  3: "signal already set",
  4: "assertion failed",
  5: "not enough memory",
  6: "input array access exceeds its size",
};
const ASSERTION_FAILED = 4;

type WitnessModule = {
  readonly memory: WebAssembly.Memory;
  init(sanityCheck: number): void;
  getFieldNumLen32(): number;
  getRawPrime(): void;
  getInputSize(): number;
  getInputSignalSize(hashHigh: number, hashLow: number): number;
  setInputSignal(hashHigh: number, hashLow: number, position: number): void;
  getWitnessSize(): number;
  getWitness(index: number): void;
  getSharedRWMemoryStart(): number;
  getMessageChar(): number;
};

/** Runs the witness generator that circom made for a circuit. */
export class WitnessCalculator {
  readonly #module: WebAssembly.Module;

  private constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  static async compile(wasm: Uint8Array): Promise<WitnessCalculator> {
    return new WitnessCalculator(await WebAssembly.compile(wasm));
  }

  /**
   * A fresh instance per call, so that a failed calculation leaves nothing behind.
   * @returns the witness, 32 little-endian bytes a wire, the constant one first.
   * @throws UnsatisfiedError, CircuitInputError
   */
  calculate(input: CircuitInput): Uint8Array {
    const messages: string[] = [];
    let failure: Error | undefined;
    const readMessage = () => {
      let text = "";
      for (let char = circuit.getMessageChar(); char !== 0; char = circuit.getMessageChar()) {
        text += String.fromCharCode(char);
      }
      messages.push(text.trim());
    };
    const runtime = {
      exceptionHandler(code: number) {
        const text = [EXCEPTIONS[code] ?? `exception ${code}`, ...messages.filter((line) => line !== "")].join("\n");
        failure = code === ASSERTION_FAILED ? new UnsatisfiedError(text) : new CircuitInputError(text);
        throw failure;
      },
      printErrorMessage: readMessage,
      // log() in a circuit: its text is collected too, so that a failure shows it.
      writeBufferMessage: readMessage,
      showSharedRWMemory: () => messages.push(String(fieldFromBytes(shared()))),
    };
    const circuit = new WebAssembly.Instance(this.#module, { runtime }).exports as unknown as WitnessModule;
    const shared = () => new Uint8Array(circuit.memory.buffer, circuit.getSharedRWMemoryStart(), FIELD_BYTES);

    circuit.init(0);
    circuit.getRawPrime();
    if (circuit.getFieldNumLen32() !== FIELD_WORDS || fieldFromBytes(shared()) !== SCALAR_FIELD_ORDER) {
      throw new CircuitInputError("the circuit is not over BN254's scalar field");
    }
    let setCount = 0;
    for (const [name, value] of Object.entries(input)) {
      const [high, low] = signalHash(name);
      const values = flatten(value);
      const size = circuit.getInputSignalSize(high, low);
      // An unknown name has the size 0, as an array without elements has.
      if (size <= 0 && values.length > 0) throw new CircuitInputError(`the circuit has no input ${name}`);
      if (size !== values.length)
        throw new CircuitInputError(`input ${name} takes ${size} values, not ${values.length}`);
      for (const [position, element] of values.entries()) {
        shared().set(fieldToBytes(modScalar(element)));
        setCount++;
        try {
          // With the last input set, the circuit computes all of its signals inside this call.
          circuit.setInputSignal(high, low, position);
        } catch (error) {
          throw failure ?? error;
        }
      }
    }
    if (setCount < circuit.getInputSize()) {
      throw new CircuitInputError(`only ${setCount} of ${circuit.getInputSize()} input values were given`);
    }
    const count = circuit.getWitnessSize();
    const witness = new Uint8Array(count * FIELD_BYTES);
    const view = shared();
    for (let i = 0; i < count; i++) {
      circuit.getWitness(i);
      witness.set(view, i * FIELD_BYTES);
    }
    return witness;
  }
}

/** The witness as a .wtns file, which snarkjs reads. */
export function witnessFile(witness: Uint8Array): Uint8Array {
  const count = witness.byteLength / FIELD_BYTES;
  const head = Buffer.alloc(12 + 12 + 4 + FIELD_BYTES + 4 + 12);
  head.write("wtns", 0, "latin1");
  let offset = head.writeUInt32LE(2, 4);
  offset = head.writeUInt32LE(2, offset);
  offset = head.writeUInt32LE(1, offset);
  offset = head.writeBigUInt64LE(BigInt(4 + FIELD_BYTES + 4), offset);
  offset = head.writeUInt32LE(FIELD_BYTES, offset);
  head.set(fieldToBytes(SCALAR_FIELD_ORDER), offset);
  offset = head.writeUInt32LE(count, offset + FIELD_BYTES);
  offset = head.writeUInt32LE(2, offset);
  head.writeBigUInt64LE(BigInt(witness.byteLength), offset);
  return Buffer.concat([head, witness]);
}

function flatten(value: SignalValue): bigint[] {
  if (typeof value !== "object") return [BigInt(value)];
  return value.flatMap(flatten);
}

/** 64-bit FNV-1a of the signal's name, by which circom finds inputs; the two halves. */
function signalHash(name: string): [number, number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(name, "utf8")) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return [Number(hash >> 32n), Number(hash & 0xffffffffn)];
}
