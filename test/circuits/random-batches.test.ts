import { expect } from "chai";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { RandomMarket } from "../fixtures/random-market.ts";
import { traceFeatures } from "../fixtures/trace-features.ts";
import { BatchCircuit } from "./batch-circuit.ts";

const BATCHES = 300;
/** Exchanges in which everything happens that is asked for below, within their share of the batches. */
const SEEDS = [3, 5, 23, 27, 31];

describe("batch circuit: whatever the ledger accepts is provable", function () {
  this.timeout(600_000);

  it(`${BATCHES} random batches of ${SEEDS.length} exchanges have witnesses, with every kind of row among them`, async () => {
    const hash = await buildFastPoseidon();
    const circuit = await BatchCircuit.load("test", hash);
    const tiers = TIERS.filter((tier) => tier.name === "test");
    const seen = new Set<string>();
    for (const seed of SEEDS) {
      const market = new RandomMarket({ seed, hash, tiers });
      let batches = 0;
      while (batches < BATCHES / SEEDS.length) {
        for (const trace of market.act()) {
          batches += 1;
          for (const feature of traceFeatures(trace)) seen.add(feature);
          expect(await circuit.refusal(trace), `seed ${seed}, batch ${trace.batchNumber}`).to.equal(undefined);
        }
      }
    }
    for (const feature of [
      "order",
      "cancel",
      "cancelAll",
      "withdrawal",
      "transfer",
      "deposit",
      "new account",
      "touch",
      "liquidation",
      "liquidation with a payout",
      "liquidation at the fee's cap",
      "deleveraging",
      "deleveraging that the fund covers",
      "deleveraging that the fund covers in part",
      "deleveraging at the counterparty's cost",
      "retired position",
      "reduction in a restricted market",
      "exitFill",
      "forcedClose",
      "exit that pays",
      "forcedExit advanced",
      "keyRotation done",
    ]) {
      expect([...seen], feature).to.include(feature);
    }
  });
});
