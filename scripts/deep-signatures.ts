/**
 * Signatures in numbers too large for the tests:
 *
 * 1. 100,000 wallet keys without a collision;
 * 2. 1,000,000 halved challenges and 100,000 points of all cosets of the curve;
 * 3. 100,000 signatures of every kind that could be judged wrongly (test/eddsa/signature-cases.ts), judged by the fast verifier as a
 *    stranger's and as a known key's and by the reference, each tenth by circomlibjs as well;
 * 4. 300 signatures both ways with circomlibjs, byte for byte under one nonce.
 *
 * Run: `node scripts/deep-signatures.ts [signatures]`. Some six minutes, half of them circomlibjs'. Exits 1 at the first difference.
 */
import { buildEddsa } from "circomlibjs";
import { EddsaInstance } from "../matcher/eddsa/eddsa-instance.ts";
import { FastVerifier } from "../matcher/eddsa/fast-verifier.ts";
import { Point } from "../matcher/protocol/curve.ts";
import { KeyTableCache } from "../matcher/protocol/key-table-cache.ts";
import { keyPairOf } from "../matcher/protocol/keys.ts";
import { sign, signWithNonce, verify } from "../matcher/protocol/signature.ts";
import { SUBGROUP_ORDER } from "../matcher/protocol/spec.ts";
import { type TradingKeyContext, tradingScalar } from "../matcher/protocol/wallet-key.ts";
import { halvedBits } from "../test/eddsa/halved-scalar.ts";
import { SignatureCases } from "../test/eddsa/signature-cases.ts";
import { CircomlibEddsa } from "../test/protocol/circomlib-eddsa.ts";
import { Seeded } from "../test/protocol/seeded.ts";
import { keyOf, torsionPoints } from "../test/protocol/torsion-points.ts";

const REPORT_EVERY_MS = 10_000;
const WALLET_KEYS = 100_000;
const CHALLENGES = 1_000_000;
const POINTS = 100_000;
/** No divisor in common with the number of kinds. */
const SIGNING_KEYS = 64;
const CIRCOMLIB_EVERY = 10;
const BOTH_WAYS = 300;

function countArgument(position: number, standard: number): number {
  const text = process.argv[position];
  if (text === undefined) return standard;
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new RangeError(`${text} is not a positive number`);
  return Number(text);
}

/** Runs `work` for 0 … count−1 and says how far it is every few seconds. */
function repeat(what: string, count: number, work: (index: number) => void): void {
  const startMs = performance.now();
  let reportedMs = startMs;
  for (let i = 0; i < count; i++) {
    work(i);
    if (performance.now() - reportedMs > REPORT_EVERY_MS) {
      reportedMs = performance.now();
      console.log(`${what}: ${i + 1} of ${count}`);
    }
  }
  console.log(`✔ ${what}: ${count} in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
}

function insist(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function deriveWalletKeys(count: number): void {
  const random = new Seeded("deep wallet keys");
  const context: TradingKeyContext = {
    chainId: 31337,
    exchange: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    owner: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    index: 0,
  };
  const seen = new Set<bigint>();
  let below = 0;
  repeat("wallet keys", count, () => {
    const signature = new Uint8Array(65);
    signature.set(random.bytes64());
    // Below both halves of the wallet curve's order, so that every signature is canonical as it is.
    signature[0] = 0x7f & (signature[0] as number);
    signature[32] = 0x3f & (signature[32] as number);
    signature[64] = 27 + random.integer(2);
    const scalar = tradingScalar(signature, context);
    insist(scalar >= 1n && scalar < SUBGROUP_ORDER, `scalar out of range: ${scalar}`);
    if (scalar < SUBGROUP_ORDER / 2n) below++;
    seen.add(scalar);
  });
  insist(seen.size === count, `${count - seen.size} collisions`);
  // Six standard deviations of a fair coin: a coarse look at the reduction, whose true bias is below 2^-250.
  const deviation = Math.abs(below - count / 2);
  insist(deviation < 3 * Math.sqrt(count), `${below} of ${count} scalars lie in the lower half`);
}

function halveChallenges(count: number): void {
  const wasm = new EddsaInstance(0);
  const random = new Seeded("deep challenges");
  let step = random.scalar();
  let h = random.scalar();
  let longest = 0;
  repeat("halved challenges", count, (index) => {
    if (index % 1_000 === 0) step = random.scalar();
    h = (h + step) % SUBGROUP_ORDER;
    longest = Math.max(longest, halvedBits(wasm, h));
  });
  console.log(`  the longest half has ${longest} bits`);
}

function judgePoints(count: number): void {
  const wasm = new EddsaInstance(0);
  const torsion = torsionPoints();
  const random = new Seeded("deep points");
  let inside = Point.BASE;
  let step = Point.BASE;
  repeat("points of all cosets", count, (index) => {
    if (index % 8_000 === 0) step = Point.BASE.multiplyUnsafe(random.scalar());
    if (index % 8 === 0) inside = inside.add(step);
    const { ax, ay } = keyOf(inside.add(torsion[index % 8] as Point));
    wasm.setNumber("ax", ax);
    wasm.setNumber("ay", ay);
    wasm.readInputs(5);
    insist(wasm.keyOnCurve(), `point ${index} is on the curve`);
    insist(wasm.keyHasPrimeOrder() === (index % 8 === 0), `point ${index} is judged wrongly: ${ax}, ${ay}`);
  });
}

async function judgeSignatures(count: number): Promise<void> {
  const circomlib = new CircomlibEddsa(await buildEddsa());
  const strangers = new FastVerifier(1);
  const known = new FastVerifier(2 * SIGNING_KEYS);
  const tables = new KeyTableCache(SIGNING_KEYS);
  const cases = new SignatureCases("deep signatures", known.hash, SIGNING_KEYS);
  const perKind = new Map<string, number>();
  let valid = 0;
  let compared = 0;
  repeat("signatures of every kind", count, (index) => {
    const { what, key, message, signature, valid: right, circomlibAgrees } = cases.at(index);
    const shown = `case ${index}, ${what}: key ${key.ax}, ${key.ay}, message ${message}, ${Object.values(signature)}`;
    insist(strangers.verify(key, message, signature) === right, `the fast verifier, of a stranger: ${shown}`);
    insist(known.verify(key, message, signature) === right, `the fast verifier, of a known key: ${shown}`);
    insist(verify(key, message, signature, { hash: known.hash, tables }) === right, `the reference: ${shown}`);
    perKind.set(what, (perKind.get(what) ?? 0) + 1);
    if (right) valid += 1;
    // In turns through the kinds: a count of rounds is added, so that no divisor is shared.
    if (!circomlibAgrees || (index + Math.floor(index / CIRCOMLIB_EVERY)) % CIRCOMLIB_EVERY !== 0) return;
    compared += 1;
    insist(circomlib.verify(key, message, signature) === right, `circomlibjs: ${shown}`);
  });
  const fewest = Math.min(...perKind.values());
  console.log(
    `  ${valid} valid; ${perKind.size} kinds, each at least ${fewest} times; ${compared} by circomlibjs, too`,
  );
}

async function signBothWays(count: number): Promise<void> {
  const circomlib = new CircomlibEddsa(await buildEddsa());
  const verifier = new FastVerifier(16);
  const random = new Seeded("deep signing");
  repeat("signatures both ways", count, (index) => {
    const secret = random.bytes32();
    const message = random.field();
    const { scalar, nonce } = CircomlibEddsa.secretsOf(secret, message);
    const key = keyPairOf(scalar);
    const which = `case ${index}, scalar ${scalar}, message ${message}`;
    const theirs = circomlib.sign(secret, message);
    const ours = signWithNonce(key, message, nonce, verifier.hash);
    const equal = theirs.r8x === ours.r8x && theirs.r8y === ours.r8y && theirs.s === ours.s;
    insist(equal, `other bytes than circomlibjs: ${which}`);
    insist(verifier.verify(key, message, theirs), `we refuse a signature: ${which}`);
    const own = sign(key, message, verifier.hash);
    insist(circomlib.verify(key, message, own), `circomlibjs refuses ours: ${which}`);
  });
}

try {
  const count = countArgument(2, 100_000);
  deriveWalletKeys(WALLET_KEYS);
  halveChallenges(CHALLENGES);
  judgePoints(POINTS);
  await judgeSignatures(count);
  await signBothWays(BOTH_WAYS);
} catch (error) {
  console.error(`✘ ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
