import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { type BatchPlan, type RequestPlan, testEpoch, World } from "./forge.ts";
import type { NamedBatch } from "./wires-batches.ts";

const MICRO = 1_000_000n;
const A = 3;
const B = 9;
const NO_AMOUNTS = { feePicoUsd: 0n, payoutPicoUsd: 0n, coveredPicoUsd: 0n };

/** An exchange in which A holds 1,000 lots at 1,000 ticks and B the other side, and market 1 has no fresh price. */
function worldOf(hash: Poseidon, valuePicoUsd: bigint, lots = 1_000n, ofB: Partial<{ silent: bigint }> = {}): World {
  const epoch = testEpoch();
  const markets = epoch.markets.with(1, { ...(epoch.markets[1] as EpochMarket), restricted: true });
  const world = new World(hash, { ...epoch, markets });
  const sizes = (...own: bigint[]) => [...own, ...new Array(8 - own.length).fill(0n)];
  world.seed(0, { collateralPicoUsd: 5_000n * MICRO });
  world.seed(A, { collateralPicoUsd: valuePicoUsd - lots * 1_000n * MICRO, sizesLots: sizes(lots) });
  world.seed(B, { collateralPicoUsd: 10n ** 18n, sizesLots: sizes(-lots, ofB.silent ?? 0n) });
  return world;
}

/** Honest batches that serve a request, one of every kind and outcome. */
export function requestBatches(hash: Poseidon): NamedBatch[] {
  const request = (kind: RequestPlan["kind"], change: Partial<RequestPlan> = {}): RequestPlan => ({
    kind,
    account: A,
    outcome: "done",
    minSequence: kind === "liquidationRequest" ? 0 : 70,
    ...change,
  });
  const batch = (name: string, world: World, plan: BatchPlan): NamedBatch => ({ name, trace: world.forge(plan) });
  const rich = 200_000n * MICRO;
  const sale = { account: A, market: 0, side: "sell", ...NO_AMOUNTS } as const;
  const close = { ...sale, kind: "forcedClose", counterparty: B } as const;
  const filled = worldOf(hash, rich);
  const message = filled.order({ account: B, side: "buy" });
  return [
    batch("a key rotation", worldOf(hash, rich), { request: request("keyRotation", { ax: 5n, ay: 6n }) }),
    batch("a cancel-all from L1", worldOf(hash, rich), { request: request("cancelAll") }),
    batch("an exit in the book", filled, {
      request: request("forcedExit", { payoutMicroUsd: 175_000n }),
      rows: [{ message, quantityLots: 1_000, quoteMicroUsd: 975_000n }],
      liquidations: [{ ...sale, kind: "exitFill", quantityLots: 1_000, quoteMicroUsd: 975_000n }],
    }),
    batch("a part of an exit against one that holds a silent position", worldOf(hash, rich, 1_000n, { silent: 2n }), {
      request: request("forcedExit", { outcome: "advanced" }),
      liquidations: [{ ...close, quantityLots: 400, quoteMicroUsd: 390_000n }],
    }),
    batch("an exit below maintenance", worldOf(hash, 10_000n * MICRO), {
      request: request("forcedExit", { outcome: "inapplicable" }),
    }),
    batch("an exit of a flat account", worldOf(hash, rich + 7n, 0n), {
      request: request("forcedExit", { payoutMicroUsd: 200_000n }),
    }),
    batch("a liquidation asked for in vain", worldOf(hash, rich), { request: request("liquidationRequest") }),
    batch("a liquidation asked for, by a forced close", worldOf(hash, 49_000n * MICRO), {
      request: request("liquidationRequest"),
      liquidations: [{ ...close, quantityLots: 20, quoteMicroUsd: 20_000n }],
    }),
  ];
}
