/**
 * Signatures per second of processor time, ours beside noble's curve (protocol/signature.ts, with circomlibjs' WebAssembly Poseidon) and
 * circomlibjs; and how long valid orders wait for a verifying thread while five times as many bogus ones arrive from elsewhere.
 * Run: `node scripts/bench/signatures.ts`. Some forty seconds on one core, a second one for the last table.
 */
import { buildEddsa } from "circomlibjs";
import { FastSigner } from "../../matcher/eddsa/fast-signer.ts";
import { FastVerifier } from "../../matcher/eddsa/fast-verifier.ts";
import { Point } from "../../matcher/protocol/curve.ts";
import { KeyTableCache } from "../../matcher/protocol/key-table-cache.ts";
import { type KeyPair, keyFault, keyPairOf, negatedTimesEight } from "../../matcher/protocol/keys.ts";
import type { OrderMessage, Signature, Signed } from "../../matcher/protocol/message.ts";
import { messageHash } from "../../matcher/protocol/message-hash.ts";
import { sign, verify } from "../../matcher/protocol/signature.ts";
import { FIELD_ORDER, SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";
import { SignatureQueue } from "../../matcher/sequencer/signature-queue.ts";
import { checkSignature } from "../../matcher/sequencer/verify-message.ts";
import { VerifyPool } from "../../matcher/sequencer/verify-pool.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { type BenchRow, reportRows } from "./frame/bench-row.ts";

/** Checks a second on one core. */
const GOAL_ANY_KEY = 3_000;
const GOAL_KNOWN_KEY = 1_300;
const MEASURE_MS = 2_000;
const WARM_UP_MS = 1_000;
const DOMAIN = 123_456_789n;
const KEYS = 64;
const ORDERS = 1_024;

/** Calls per second of processor time, after a warm-up: what else the machine does counts little. */
function rate(call: (index: number) => boolean): number {
  let index = 0;
  const run = (forMs: number): number => {
    const start = process.cpuUsage();
    const from = index;
    let spentMs = 0;
    while (spentMs < forMs) {
      for (let i = 0; i < 4; i++) if (!call(index++)) throw new Error("a signature was refused");
      const { user, system } = process.cpuUsage(start);
      spentMs = (user + system) / 1000;
    }
    return ((index - from) * 1000) / spentMs;
  };
  run(WARM_UP_MS);
  return run(MEASURE_MS);
}

interface Prepared {
  key: KeyPair;
  message: Signed<OrderMessage>;
  hash: bigint;
  signature: Signature;
}

function prepare(): Prepared[] {
  const signer = new FastSigner();
  const keys = Array.from({ length: KEYS }, (_, i) => keyPairOf(((FIELD_ORDER >> 4n) / BigInt(i + 3)) | 1n));
  return Array.from({ length: ORDERS }, (_, i) => {
    const key = keys[i % KEYS] as KeyPair;
    const order: OrderMessage = {
      kind: "order",
      account: i % KEYS,
      market: 0,
      side: "buy",
      keepFilled: false,
      reduceOnly: false,
      postOnly: false,
      timeInForce: "GTT",
      selfTrade: "expire-maker",
      slot: i,
      sequence: i + 1,
      expirySeconds: 1_800_000_000,
      maxFeePpm: 500,
      limitPriceTicks: 300_000 + i,
      quantityLots: 25_000,
    };
    const hash = messageHash(order, DOMAIN);
    const signature = signer.sign(key, hash);
    return { key, message: { ...order, signature }, hash, signature };
  });
}

const prepared = prepare();
const at = (index: number) => prepared[index % ORDERS] as Prepared;
const poseidon = await buildFastPoseidon();

/** @returns the same, ours first */
function table(title: string, rows: Record<string, number>): number[] {
  const ours = Object.values(rows)[0] as number;
  console.log(title);
  console.table(
    Object.fromEntries(
      Object.entries(rows).map(([name, perSecond]) => [
        name,
        { "per second": Math.round(perSecond), "ours is faster by": Number((ours / perSecond).toFixed(2)) },
      ]),
    ),
  );
  return Object.values(rows);
}

const eddsa = await buildEddsa();
const { F } = eddsa;
// One key remembered, and the next order is another's: each is a stranger.
const strangers = new FastVerifier(1);
const any = table("Signature of a message hash, any key", {
  "ours, key checked": rate((i) => strangers.verify(at(i).key, at(i).hash, at(i).signature)),
  "noble, key checked": rate((i) => verify(at(i).key, at(i).hash, at(i).signature, { hash: poseidon })),
  "noble, key not checked": rate((i) => {
    const { key, hash, signature } = at(i);
    const { r8x, r8y, s } = signature;
    const challenge = poseidon([r8x, r8y, key.ax, key.ay, hash]) % SUBGROUP_ORDER;
    const { x, y } = Point.BASE.multiplyUnsafe(s).add(negatedTimesEight(key).multiplyUnsafe(challenge)).toAffine();
    return x === r8x && y === r8y;
  }),
  "circomlibjs, key not checked": rate((i) => {
    const { key, hash, signature } = at(i);
    const { r8x, r8y, s } = signature;
    return eddsa.verifyPoseidon(F.e(hash), { R8: [F.e(r8x), F.e(r8y)], S: s }, [F.e(key.ax), F.e(key.ay)]);
  }),
});

const known = new FastVerifier(KEYS);
const tables = new KeyTableCache(KEYS);
for (let i = 0; i < 2 * KEYS; i++) verify(at(i).key, at(i).hash, at(i).signature, { hash: poseidon, tables });
const one = table(`Signature of a message hash, one of ${KEYS} known keys`, {
  ours: rate((i) => known.verify(at(i).key, at(i).hash, at(i).signature)),
  noble: rate((i) => verify(at(i).key, at(i).hash, at(i).signature, { hash: poseidon, tables })),
});

const whole = (verifier: FastVerifier) => (i: number) => {
  const { key, message, signature } = at(i);
  return verifier.verify(key, messageHash(message, DOMAIN, verifier.hash), signature);
};
const wholeAny = table("Whole message, any key", {
  ours: rate(whole(strangers)),
  noble: rate((i) => checkSignature(at(i).message, at(i).key, DOMAIN, { hash: poseidon }).signed),
});
const wholeOne = table(`Whole message, one of ${KEYS} known keys`, {
  ours: rate(whole(known)),
  noble: rate((i) => checkSignature(at(i).message, at(i).key, DOMAIN, { hash: poseidon, tables }).signed),
});

const signer = new FastSigner();
console.log("Beside it, per second");
console.table({
  "H_3, ours": Math.round(rate((i) => known.hash([1n, DOMAIN, at(i).hash]) > 0n)),
  "H_3, circomlibjs": Math.round(rate((i) => poseidon([1n, DOMAIN, at(i).hash]) > 0n)),
  "H_5, ours": Math.round(rate((i) => known.hash([1n, 2n, 3n, DOMAIN, at(i).hash]) > 0n)),
  "H_5, circomlibjs": Math.round(rate((i) => poseidon([1n, 2n, 3n, DOMAIN, at(i).hash]) > 0n)),
  "check of a key, noble": Math.round(rate((i) => keyFault(at(i).key) === undefined)),
  "signing, ours": Math.round(rate((i) => signer.sign(at(i).key, at(i).hash).s >= 0n)),
  "signing, noble": Math.round(rate((i) => sign(at(i).key, at(i).hash, poseidon).s >= 0n)),
});

/** All orders through one thread, several times: processor time of both threads, and of the one that orders commands alone. */
async function throughPool(): Promise<void> {
  const pool = new VerifyPool({ domain: DOMAIN, threads: 1 });
  const queue = new SignatureQueue(pool, { perOriginMax: ORDERS, perAccountMax: ORDERS });
  const round = async () => {
    const answers = await Promise.all(prepared.map(({ key, message }) => queue.check(message, key, "bench")));
    if (!answers.every((answer) => answer?.signed)) throw new Error("a signature was refused");
  };
  for (let i = 0; i < 8; i++) await round();
  const start = process.cpuUsage();
  const own = process.threadCpuUsage();
  const startMs = performance.now();
  const rounds = 24;
  for (let i = 0; i < rounds; i++) await round();
  const { user, system } = process.cpuUsage(start);
  const { user: ownUser, system: ownSystem } = process.threadCpuUsage(own);
  const count = rounds * ORDERS;
  console.log("Whole messages through a verifying thread, known keys");
  console.table({
    "per second of processor time": Math.round((count * 1e6) / (user + system)),
    "per second": Math.round((count * 1000) / (performance.now() - startMs)),
    "µs each in the ordering thread": Number(((ownUser + ownSystem) / count).toFixed(1)),
  });
  await pool.close();
}

/** Milliseconds that valid orders wait, three every ten milliseconds, alone and beside bogus ones. */
async function waits(bogusPerTenMs: number): Promise<{ p50: number; p99: number }> {
  const pool = new VerifyPool({ domain: DOMAIN, threads: 1 });
  const queue = new SignatureQueue(pool);
  await Promise.all(prepared.map(({ key, message }) => queue.check(message, key, `warm-up ${message.account}`)));
  const waitedMs: number[] = [];
  const sent: Promise<unknown>[] = [];
  const send = ({ key, message }: Prepared, origin: string, slot: number, note: (ms: number) => void) => {
    const startMs = performance.now();
    sent.push(queue.check({ ...message, slot }, key, origin).then(() => note(performance.now() - startMs)));
  };
  for (let tick = 0; tick < 400; tick++) {
    for (let i = 0; i < bogusPerTenMs; i++) send(at(tick), "flood", 4_095, () => {});
    for (let i = 0; i < 3; i++) {
      const order = at(3 * tick + i);
      send(order, "trader", order.message.slot, (ms) => waitedMs.push(ms));
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await Promise.all(sent);
  await pool.close();
  waitedMs.sort((a, b) => a - b);
  const share = (part: number) => Number((waitedMs[Math.floor(waitedMs.length * part)] as number).toFixed(2));
  return { p50: share(0.5), p99: share(0.99) };
}

// Verifying threads do not keep a process alive.
const alive = setInterval(() => {}, 1_000);
await throughPool();
console.log("Milliseconds that valid orders wait for their signature, 300 a second, one thread");
console.table({
  alone: await waits(0),
  "beside 1,500 bogus a second in their accounts' names": await waits(15),
  "beside 15,000 bogus a second": await waits(150),
});
clearInterval(alive);

const row = (figure: string, value = 0, name = "", peer = 0, goal?: number): BenchRow => {
  const compared = { figure, value, unit: "checks/s", better: "higher", peer: { name, value: peer } } as const;
  return goal === undefined ? compared : { ...compared, goal };
};
reportRows([
  row("signature under any key, one core", any[0], "circomlibjs", any[3], GOAL_ANY_KEY),
  row("signature under a known key, one core", one[0], "circomlibjs", any[3], GOAL_KNOWN_KEY),
  row("whole message under any key, one core", wholeAny[0], "noble", wholeAny[1]),
  row("whole message under a known key, one core", wholeOne[0], "noble", wholeOne[1]),
]);
