/**
 * Hashes per second of processor time of the three Poseidon implementations, by number of inputs, and what signing and verification cost.
 * Run: `node scripts/bench/poseidon.ts`.
 */
import { buildPoseidon } from "circomlibjs";
import { KeyTableCache } from "../../matcher/protocol/key-table-cache.ts";
import { keyFault, keyPairOf } from "../../matcher/protocol/keys.ts";
import { poseidon } from "../../matcher/protocol/poseidon.ts";
import { sign, verify } from "../../matcher/protocol/signature.ts";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { reportRows } from "./frame/bench-row.ts";

const WIDTHS = [2, 3, 5, 8, 16];
const MEASURE_MS = 700;

/** Calls per second of processor time, after a warm-up: what else the machine does counts little. */
function rate(call: () => unknown): number {
  for (let i = 0; i < 100; i++) call();
  const start = process.cpuUsage();
  let spentMs = 0;
  let calls = 0;
  while (spentMs < MEASURE_MS) {
    for (let i = 0; i < 10; i++) call();
    calls += 10;
    const { user, system } = process.cpuUsage(start);
    spentMs = (user + system) / 1000;
  }
  return Math.round((calls * 1000) / spentMs);
}

const library = await buildPoseidon();
const fast = await buildFastPoseidon();

const rates = WIDTHS.map((width) => {
  const inputs = Array.from({ length: width }, (_, i) => (FIELD_ORDER / 7n) * BigInt(i % 7) + 1_234_567n);
  const row = {
    "poseidon-lite": rate(() => poseidon(inputs)),
    "circomlibjs, to bigint": rate(() => library.F.toObject(library(inputs))),
    "fast-poseidon": rate(() => fast(inputs)),
  };
  return [`${width} inputs`, row] as const;
});
console.log("Poseidon, hashes per second");
console.table(Object.fromEntries(rates));

const key = keyPairOf(FIELD_ORDER >> 5n);
const message = 424_242n;
const signature = sign(key, message);
const tables = new KeyTableCache(1);
console.log("Signatures, calls per second");
console.table({
  "check of a public key": rate(() => keyFault(key)),
  "sign, poseidon-lite": rate(() => sign(key, message)),
  "sign, fast-poseidon": rate(() => sign(key, message, fast)),
  "verify, key checked each time, poseidon-lite": rate(() => verify(key, message, signature)),
  "verify, key checked each time, fast-poseidon": rate(() => verify(key, message, signature, { hash: fast })),
  "verify, key in the cache, poseidon-lite": rate(() => verify(key, message, signature, { tables })),
  "verify, key in the cache, fast-poseidon": rate(() => verify(key, message, signature, { tables, hash: fast })),
});

reportRows(
  rates.map(([inputs, row]) => ({
    figure: `Poseidon of ${inputs}`,
    value: row["fast-poseidon"],
    unit: "hashes/s",
    better: "higher",
    peer: { name: "circomlibjs", value: row["circomlibjs, to bigint"] },
  })),
);
