import { type Code, i32, unsignedBytes } from "./instructions.ts";

export type ValueType = "i32" | "i64";
const TYPE_BYTE: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e };
const FUNCTION_TYPE = 0x60;
const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const SECTION = { type: 1, function: 3, memory: 5, export: 7, code: 10 };
const EXPORT = { function: 0, memory: 2 };

/** A local variable or parameter of a function. */
export interface Local {
  readonly index: number;
  readonly get: Code;
  set(value: Code): Code;
}

/** A function while it is written: parameters come first, locals as they are asked for, statements in order. */
export class FunctionBody {
  readonly params: readonly Local[];
  readonly statements: Code[] = [];
  readonly #locals: ValueType[] = [];

  constructor(params: number) {
    this.params = Array.from({ length: params }, (_, index) => localAt(index));
  }

  local(type: ValueType): Local {
    this.#locals.push(type);
    return localAt(this.params.length + this.#locals.length - 1);
  }

  /** As many as are asked for, to be taken apart. */
  locals<T extends readonly ValueType[]>(...types: T): { [K in keyof T]: Local } {
    return types.map((type) => this.local(type)) as { [K in keyof T]: Local };
  }

  add(...statements: Code[]): void {
    this.statements.push(...statements);
  }

  bytes(): number[] {
    const runs: [number, ValueType][] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.[1] === type) last[0] += 1;
      else runs.push([1, type]);
    }
    const declared = runs.flatMap(([count, type]) => [...unsignedBytes(count), TYPE_BYTE[type]]);
    const body = [...unsignedBytes(runs.length), ...declared];
    flatten(this.statements, body);
    body.push(0x0b);
    return body;
  }
}

function localAt(index: number): Local {
  const at = unsignedBytes(index);
  return { index, get: [0x20, ...at], set: (value) => [value, 0x21, ...at] };
}

function flatten(code: Code, into: number[]): void {
  for (const part of code) {
    if (typeof part === "number") into.push(part);
    else flatten(part, into);
  }
}

function counted(items: readonly (readonly number[])[]): number[] {
  const bytes = unsignedBytes(items.length);
  for (const item of items) for (const byte of item) bytes.push(byte);
  return bytes;
}

function sized(bytes: readonly number[]): number[] {
  const all = unsignedBytes(bytes.length);
  for (const byte of bytes) all.push(byte);
  return all;
}

/**
 * Writes a WebAssembly module: functions of 32-bit parameters over one memory. Just what eddsa-module.ts needs, in place of a compiler: its
 * functions are long rows of like multiplications, which a loop in TypeScript writes better than a person in any language.
 */
export class WasmModule {
  readonly #functions: { params: number; results: number; bytes: number[]; exported: string | null }[] = [];
  readonly #indexByName = new Map<string, number>();

  /**
   * A function by name; all its parameters are i32, and so is its result if it has one.
   * @throws Error for a name that is taken
   */
  define(
    name: string,
    { params, results = 0, exported = false }: { params: number; results?: 0 | 1; exported?: boolean },
    write: (body: FunctionBody) => void,
  ): void {
    if (this.#indexByName.has(name)) throw new Error(`there is a function ${name} already`);
    const body = new FunctionBody(params);
    write(body);
    this.#indexByName.set(name, this.#functions.length);
    this.#functions.push({ params, results, bytes: body.bytes(), exported: exported ? name : null });
  }

  /** @throws Error for a function that is not defined before */
  call(name: string, ...operands: (Code | number)[]): Code {
    const index = this.#indexByName.get(name);
    if (index === undefined) throw new Error(`there is no function ${name} yet`);
    const values = operands.map((operand) => (typeof operand === "number" ? i32.const(operand) : operand));
    return [...values, 0x10, ...unsignedBytes(index)];
  }

  /** The module in bytes; `memory` is exported under that name. */
  bytes(memoryPages: number): Uint8Array<ArrayBuffer> {
    const types = this.#functions.map(({ params, results }) => [
      FUNCTION_TYPE,
      ...counted(Array.from({ length: params }, () => [TYPE_BYTE.i32])),
      ...counted(Array.from({ length: results }, () => [TYPE_BYTE.i32])),
    ]);
    const exports = this.#functions.flatMap(({ exported }, index) =>
      exported === null ? [] : [[...nameBytes(exported), EXPORT.function, ...unsignedBytes(index)]],
    );
    exports.push([...nameBytes("memory"), EXPORT.memory, 0]);
    const section = (id: number, content: number[]) => [id, sized(content)].flat();
    return Uint8Array.from(
      [
        MAGIC_AND_VERSION,
        section(SECTION.type, counted(types)),
        section(SECTION.function, counted(this.#functions.map((_, index) => unsignedBytes(index)))),
        section(SECTION.memory, [1, 0, ...unsignedBytes(memoryPages)]),
        section(SECTION.export, counted(exports)),
        section(SECTION.code, counted(this.#functions.map(({ bytes }) => sized(bytes)))),
      ].flat(),
    );
  }
}

function nameBytes(name: string): number[] {
  return sized(Array.from(name, (letter) => letter.charCodeAt(0)));
}
