import { buildBn128 } from "ffjavascript";
import type { Bn254Image } from "./bn254-wasm.ts";

/**
 * Apart from `Bn254Wasm`, because ffjavascript must not be imported in a worker thread: the package behind its own threads
 * takes any worker for one of its own.
 */
export async function compileBn254(): Promise<Bn254Image> {
  const { tm } = await buildBn128(true);
  return { module: await WebAssembly.compile(tm.code), g1Generator: tm.pG1gen, g2Generator: tm.pG2gen };
}
