import { Worker } from "node:worker_threads";
import { FIELD_BYTES } from "./bn254.ts";
import type { Bn254Image } from "./bn254-wasm.ts";
import { AFFINE_BYTES, type Group, tableBytes, type WindowShape } from "./fixed-base.ts";

/** Scalars that a thread takes at once: half a hundredth of a large key, so that no thread ends long after another. */
export const SCALARS_PER_GRAB = 4096;

export type WorkerStart = {
  readonly image: Bn254Image;
  readonly shapes: Readonly<Record<Group, WindowShape>>;
  readonly tables: Readonly<Record<Group, SharedArrayBuffer>>;
  /** Two counters: windows taken, windows finished. */
  readonly tableCounters: SharedArrayBuffer;
};

export type MultiplyTask = {
  readonly id: number;
  readonly group: Group;
  readonly count: number;
  readonly scalars: SharedArrayBuffer;
  readonly points: SharedArrayBuffer;
  /** One counter: scalars taken. */
  readonly counter: SharedArrayBuffer;
};

type Pending = { left: number; resolve(): void; reject(error: Error): void };

/** An addition in g2 takes about as long as 2.6 in g1. */
const GROUP_COST: Readonly<Record<Group, number>> = { g1: 1, g2: 2.6 };

/**
 * Threads that multiply scalars with the generators of both groups. They build the window tables as soon as the pool
 * exists, while the main thread still prepares the scalars.
 */
export class FixedBasePool {
  readonly #workers: Worker[] = [];
  readonly #pending = new Map<number, Pending>();
  readonly #tasks: MultiplyTask[] = [];
  #nextId = 0;
  #failure: Error | undefined;

  constructor(image: Bn254Image, shapes: Record<Group, WindowShape>, threads: number) {
    const tables = {
      g1: new SharedArrayBuffer(tableBytes("g1", shapes.g1)),
      g2: new SharedArrayBuffer(tableBytes("g2", shapes.g2)),
    };
    const workerData: WorkerStart = { image, shapes, tables, tableCounters: new SharedArrayBuffer(8) };
    for (let i = 0; i < threads; i++) {
      const worker = new Worker(new URL("./fixed-base-worker.ts", import.meta.url), { workerData, execArgv: [] });
      worker.on("message", (id: number) => this.#finish(id));
      worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
      this.#workers.push(worker);
    }
  }

  /**
   * @param scalars plain scalars below r, 32 little-endian bytes each.
   * @returns their multiples of the group's generator, affine, in Montgomery form.
   */
  async multiply(group: Group, scalars: SharedArrayBuffer): Promise<Uint8Array> {
    if (this.#failure) throw this.#failure;
    const count = scalars.byteLength / FIELD_BYTES;
    const points = new SharedArrayBuffer(count * AFFINE_BYTES[group]);
    const task: MultiplyTask = {
      id: this.#nextId++,
      group,
      count,
      scalars,
      points,
      counter: new SharedArrayBuffer(4),
    };
    this.#tasks.push(task);
    await new Promise<void>((resolve, reject) => {
      this.#pending.set(task.id, { left: this.#workers.length, resolve, reject });
      for (const worker of this.#workers) worker.postMessage(task);
    });
    return new Uint8Array(points);
  }

  /** How much of the work handed in so far is done, 0 to 1. */
  fraction(): number {
    let [done, all] = [0, 0];
    for (const { group, count, counter } of this.#tasks) {
      done += GROUP_COST[group] * Math.min(count, Atomics.load(new Int32Array(counter), 0));
      all += GROUP_COST[group] * count;
    }
    return all === 0 ? 0 : done / all;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #finish(id: number): void {
    const pending = this.#pending.get(id);
    if (!pending || --pending.left > 0) return;
    this.#pending.delete(id);
    pending.resolve();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}
