import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { BASE_FIELD_ORDER, FIELD_BYTES, fieldToBytes, invertScalar, modScalar, SCALAR_FIELD_ORDER } from "./bn254.ts";
import { compileBn254 } from "./bn254-image.ts";
import { Bn254Wasm } from "./bn254-wasm.ts";
import { DEV_ALPHA, DEV_BETA, DEV_GAMMA, DEV_TAU, devDelta } from "./dev-trapdoor.ts";
import { cheapestWindow } from "./fixed-base.ts";
import { FixedBasePool } from "./fixed-base-pool.ts";
import { evaluateLagrange, evaluateOddLagrange } from "./lagrange.ts";
import { R1csFile } from "./r1cs-file.ts";
import { COEFFICIENT_BYTES, evaluateWirePolynomials, type WirePolynomials } from "./wire-polynomials.ts";
import { littleEndian, ZKEY_SECTION, ZkeyWriter } from "./zkey-file.ts";

/** Part of every file name of a key whose trapdoor is public. */
export const INSECURE_DEV_MARK = "insecure-dev";
/** Changes whenever the same r1cs would give other bytes; part of the key of every cache. */
export const DEV_KEY_VERSION = 1;

export type DevKeyPhase = "hash" | "lagrange" | "constraints" | "points" | "write";
/** `fraction` is that of the whole work, 0 to 1. */
export type DevKeyProgress = { readonly phase: DevKeyPhase; readonly fraction: number; readonly elapsedMs: number };
/** Where each phase ends, in parts of the whole. */
const PHASE_END: Readonly<Record<DevKeyPhase, number>> = {
  hash: 0.02,
  lagrange: 0.07,
  constraints: 0.15,
  points: 0.99,
  write: 1,
};
const PHASES = Object.keys(PHASE_END) as DevKeyPhase[];
const POINTS_PROGRESS_MS = 500;

export type DevKeyOptions = {
  readonly r1csPath: string;
  /** Must contain "insecure-dev" in its file name. */
  readonly zkeyPath: string;
  readonly threads?: number;
  readonly onProgress?: (progress: DevKeyProgress) => void;
};

export type DevKeyReport = {
  readonly r1csSha256: string;
  readonly constraintCount: number;
  readonly wireCount: number;
  readonly coefficientCount: number;
  readonly domainPower: number;
  /** Wall-clock milliseconds until the end of each phase; the threads already work during the earlier ones. */
  readonly phaseEndMs: Readonly<Record<DevKeyPhase, number>>;
};

/**
 * Writes a Groth16 proving key for a circuit from the publicly known trapdoor, in seconds instead of the hours of a
 * ceremony. FOR DEVELOPMENT CHAINS ONLY: anyone can forge proofs under it (see `forgeDevProof`).
 *
 * The same r1cs gives the same bytes. With L the Lagrange polynomials of the domain, the wires' polynomials u, v, w are
 * evaluated at τ and the key's points are fixed-base multiples: A = [u], B = [v], C = [(βu + αv + w)/δ], IC the same over γ
 * for the public wires, and H = [odd Lagrange value of the doubled domain/δ].
 *
 * @throws RangeError when the file name would hide what the key is; R1csError when the r1cs cannot be used.
 */
export async function writeDevKey(options: DevKeyOptions): Promise<DevKeyReport> {
  const { r1csPath, zkeyPath, onProgress } = options;
  if (!basename(zkeyPath).includes(INSECURE_DEV_MARK)) {
    throw new RangeError(`the name of a development key must contain "${INSECURE_DEV_MARK}": ${basename(zkeyPath)}`);
  }
  const startMs = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startMs);
  const phaseEndMs: Record<DevKeyPhase, number> = { hash: 0, lagrange: 0, constraints: 0, points: 0, write: 0 };
  const report = (phase: DevKeyPhase, phaseFraction: number) => {
    phaseEndMs[phase] = elapsedMs();
    const begin = PHASE_END[PHASES[PHASES.indexOf(phase) - 1]!] ?? 0;
    const fraction = begin + (PHASE_END[phase] - begin) * phaseFraction;
    onProgress?.({ phase, fraction, elapsedMs: phaseEndMs[phase] });
  };

  const r1cs = new R1csFile(r1csPath);
  const { wireCount, constraintCount } = r1cs.header;
  const power = r1cs.domainPower;
  const image = await compileBn254();
  // Many wires never occur in the second matrix; half is typical, and the window's optimum is flat.
  const shapes = { g1: cheapestWindow(3 * wireCount + 2 ** power), g2: cheapestWindow(wireCount / 2) };
  const pool = new FixedBasePool(image, shapes, options.threads ?? Math.max(1, availableParallelism()));
  const zkey = new ZkeyWriter(zkeyPath);
  try {
    const r1csSha256 = sha256OfFile(r1csPath);
    const delta = devDelta(r1csSha256);
    report("hash", 1);

    const wasm = new Bn254Wasm(image);
    const share = (address: number, count: number) => shareScalars(wasm, address, count);
    const h = pool.multiply("g1", share(evaluateOddLagrange(wasm, power, DEV_TAU, invertScalar(delta)), 2 ** power));
    const lagrange = evaluateLagrange(wasm, power, DEV_TAU);
    report("lagrange", 1);

    zkey.section(ZKEY_SECTION.protocol, littleEndian(1));
    zkey.beginSection(ZKEY_SECTION.coefficients);
    zkey.append(littleEndian(0));
    let coefficientCount = 0;
    const wires = evaluateWirePolynomials(wasm, r1cs, lagrange, {
      write(records) {
        zkey.append(records);
        coefficientCount += records.byteLength / COEFFICIENT_BYTES;
      },
      progress: (fraction) => report("constraints", fraction),
    });
    zkey.patch(0, littleEndian(coefficientCount));
    zkey.endSection();

    const a = share(wires.a, wireCount);
    const b = share(wires.b, wireCount);
    combineWires(wasm, wires, wireCount, r1cs.publicCount, delta);
    const publicBytes = (r1cs.publicCount + 1) * FIELD_BYTES;
    const ic = share(wires.c, r1cs.publicCount + 1);
    const c = share(wires.c + publicBytes, wireCount - r1cs.publicCount - 1);
    report("constraints", 1);

    const jobs = [
      pool.multiply("g1", scalarsOf(DEV_ALPHA, DEV_BETA, delta)),
      pool.multiply("g2", scalarsOf(DEV_BETA, DEV_GAMMA, delta)),
      h,
      pool.multiply("g2", b),
      pool.multiply("g1", a),
      pool.multiply("g1", b),
      pool.multiply("g1", ic),
      pool.multiply("g1", c),
    ] as const;
    const ticker = setInterval(() => report("points", pool.fraction()), POINTS_PROGRESS_MS);
    const points = await Promise.all(jobs).finally(() => clearInterval(ticker));
    report("points", 1);
    const [keyG1, keyG2, pointsH, pointsB2, pointsA, pointsB1, pointsIc, pointsC] = points;

    const counts = littleEndian(wireCount, r1cs.publicCount, 2 ** power);
    const fields = [littleEndian(FIELD_BYTES), fieldToBytes(BASE_FIELD_ORDER)].concat(
      littleEndian(FIELD_BYTES),
      fieldToBytes(SCALAR_FIELD_ORDER),
    );
    const [alpha1, beta1, delta1] = pointsOf(keyG1, 3);
    const [beta2, gamma2, delta2] = pointsOf(keyG2, 3);
    zkey.section(ZKEY_SECTION.header, ...fields, counts, alpha1!, beta1!, beta2!, gamma2!, delta1!, delta2!);
    zkey.section(ZKEY_SECTION.ic, pointsIc);
    zkey.section(ZKEY_SECTION.a, pointsA);
    zkey.section(ZKEY_SECTION.b1, pointsB1);
    zkey.section(ZKEY_SECTION.b2, pointsB2);
    zkey.section(ZKEY_SECTION.c, pointsC);
    zkey.section(ZKEY_SECTION.h, pointsH);
    // No contribution and no hash of the circuit: this key never came out of a ceremony and does not pretend to.
    zkey.section(ZKEY_SECTION.contributions, new Uint8Array(64), littleEndian(0));
    zkey.finish();
    report("write", 1);
    return { r1csSha256, constraintCount, wireCount, coefficientCount, domainPower: power, phaseEndMs };
  } finally {
    zkey.abandon();
    r1cs.close();
    await pool.close();
  }
}

/** c ← βa + αb + c, over γ for the public wires and over δ for the others. All plain scalars. */
function combineWires(wasm: Bn254Wasm, wires: WirePolynomials, wireCount: number, publicCount: number, delta: bigint) {
  const alpha = wasm.allocateScalar(DEV_ALPHA);
  const beta = wasm.allocateScalar(DEV_BETA);
  const overGamma = wasm.allocateScalar(invertScalar(DEV_GAMMA));
  const overDelta = wasm.allocateScalar(invertScalar(delta));
  const product = wasm.allocate(FIELD_BYTES);
  const mul = wasm.function("frm_mul");
  const add = wasm.function("frm_add");
  for (let wire = 0; wire < wireCount; wire++) {
    const at = wire * FIELD_BYTES;
    mul(wires.a + at, beta, product);
    add(wires.c + at, product, wires.c + at);
    mul(wires.b + at, alpha, product);
    add(wires.c + at, product, wires.c + at);
    mul(wires.c + at, wire <= publicCount ? overGamma : overDelta, wires.c + at);
  }
}

function shareScalars(wasm: Bn254Wasm, address: number, count: number): SharedArrayBuffer {
  const bytes = count * FIELD_BYTES;
  const shared = new SharedArrayBuffer(bytes);
  new Uint8Array(shared).set(wasm.bytes.subarray(address, address + bytes));
  return shared;
}

function scalarsOf(...scalars: readonly bigint[]): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(scalars.length * FIELD_BYTES);
  scalars.forEach((scalar, i) => {
    new Uint8Array(shared).set(fieldToBytes(modScalar(scalar)), i * FIELD_BYTES);
  });
  return shared;
}

function pointsOf(bytes: Uint8Array, count: number): Uint8Array[] {
  const size = bytes.byteLength / count;
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** Lower-case hex. Read in pieces: an r1cs may be larger than a buffer may be. */
export function sha256OfFile(path: string): string {
  const hash = createHash("sha256");
  const piece = Buffer.alloc(4 << 20);
  const descriptor = openSync(path, "r");
  try {
    for (;;) {
      const got = readSync(descriptor, piece, 0, piece.byteLength, null);
      if (got === 0) return hash.digest("hex");
      hash.update(piece.subarray(0, got));
    }
  } finally {
    closeSync(descriptor);
  }
}
