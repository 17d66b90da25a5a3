/**
 * Signatures against circomlibjs in numbers too large for the tests: 10,000 signatures both ways, byte for byte under one nonce,
 * each also once spoiled; and 100,000 wallet keys without a collision. Run: `node scripts/deep-signatures.ts [signatures] [keys]`.
 * circomlibjs makes and checks about ten a second, so that the whole takes a quarter of an hour. Exits 1 at the first difference.
 */
import { buildEddsa } from "circomlibjs";
import { KeyTableCache } from "../matcher/protocol/key-table-cache.ts";
import { keyPairOf } from "../matcher/protocol/keys.ts";
import { sign, signWithNonce, verify } from "../matcher/protocol/signature.ts";
import { FIELD_ORDER, SUBGROUP_ORDER } from "../matcher/protocol/spec.ts";
import { type TradingKeyContext, tradingScalar } from "../matcher/protocol/wallet-key.ts";
import { buildFastPoseidon } from "../matcher/state/fast-poseidon.ts";
import { CircomlibEddsa } from "../test/protocol/circomlib-eddsa.ts";
import { Seeded } from "../test/protocol/seeded.ts";

const REPORT_EVERY_MS = 5_000;

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

async function compareSignatures(count: number): Promise<void> {
  const circomlib = new CircomlibEddsa(await buildEddsa());
  const hash = await buildFastPoseidon();
  const tables = new KeyTableCache(16);
  const random = new Seeded("deep signatures");
  repeat("signatures both ways", count, (index) => {
    const secret = random.bytes32();
    const message = random.field();
    const { scalar, nonce } = CircomlibEddsa.secretsOf(secret, message);
    const key = keyPairOf(scalar);
    const case_ = `case ${index}, scalar ${scalar}, message ${message}`;
    const theirs = circomlib.sign(secret, message);
    const underTheirNonce = signWithNonce(key, message, nonce, hash);
    const equal =
      theirs.r8x === underTheirNonce.r8x && theirs.r8y === underTheirNonce.r8y && theirs.s === underTheirNonce.s;
    insist(equal, `other bytes than circomlibjs: ${case_}`);
    const ours = sign(key, message, hash);
    insist(circomlib.verify(key, message, ours), `circomlibjs refuses ours: ${case_}`);
    for (const signature of [theirs, ours]) {
      // Twice with the cache: once without a table and once with it.
      insist(verify(key, message, signature, { hash, tables }), `we refuse a signature: ${case_}`);
      const spoiled = [
        { ...signature, s: signature.s + SUBGROUP_ORDER },
        { ...signature, s: (signature.s + 1n + random.scalar()) % SUBGROUP_ORDER },
        { ...signature, r8x: FIELD_ORDER - signature.r8x },
      ][index % 3];
      insist(
        spoiled !== undefined && !verify(key, message, spoiled, { hash, tables }),
        `we accept a spoiled one: ${case_}`,
      );
    }
    insist(!verify(key, (message + 1n) % FIELD_ORDER, ours, { hash, tables }), `we accept another message: ${case_}`);
  });
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

try {
  deriveWalletKeys(countArgument(3, 100_000));
  await compareSignatures(countArgument(2, 10_000));
} catch (error) {
  console.error(`✘ ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
