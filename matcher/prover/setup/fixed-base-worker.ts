import { parentPort, workerData } from "node:worker_threads";
import { Bn254Wasm } from "./bn254-wasm.ts";
import { AFFINE_BYTES, FixedBase, fillTableWindow, type Group } from "./fixed-base.ts";
import { type MultiplyTask, SCALARS_PER_GRAB, type WorkerStart } from "./fixed-base-pool.ts";

// A thread of the pool. It shares its work through counters in shared memory, not through messages: the main thread is
// busy reading constraints meanwhile and would answer late.

const start = workerData as WorkerStart;
const port = parentPort!;
const bases = new Map<Group, FixedBase>();

const GROUPS: readonly Group[] = ["g1", "g2"];
const windowOf = GROUPS.flatMap((group) =>
  Array.from({ length: start.shapes[group].windows }, (_, window) => ({ group, window })),
);
const grabbed = new Int32Array(start.tableCounters, 0, 1);
const finished = new Int32Array(start.tableCounters, 4, 1);

for (let i = Atomics.add(grabbed, 0, 1); i < windowOf.length; i = Atomics.add(grabbed, 0, 1)) {
  const { group, window } = windowOf[i]!;
  const wasm = new Bn254Wasm(start.image);
  fillTableWindow(wasm, group, start.shapes[group], window, new Uint8Array(start.tables[group]));
  Atomics.add(finished, 0, 1);
  Atomics.notify(finished, 0);
}
for (let done = Atomics.load(finished, 0); done < windowOf.length; done = Atomics.load(finished, 0)) {
  Atomics.wait(finished, 0, done);
}

function baseOf(group: Group): FixedBase {
  let base = bases.get(group);
  if (!base) {
    base = new FixedBase(new Bn254Wasm(start.image), group, start.shapes[group], new Uint8Array(start.tables[group]));
    bases.set(group, base);
  }
  return base;
}

port.on("message", (task: MultiplyTask) => {
  const next = new Int32Array(task.counter);
  const affineBytes = AFFINE_BYTES[task.group];
  const base = baseOf(task.group);
  for (;;) {
    const first = Atomics.add(next, 0, SCALARS_PER_GRAB);
    if (first >= task.count) break;
    const count = Math.min(SCALARS_PER_GRAB, task.count - first);
    base.multiply(
      new Uint32Array(task.scalars, first * 32, count * 8),
      new Uint8Array(task.points, first * affineBytes, count * affineBytes),
    );
  }
  port.postMessage(task.id);
});
