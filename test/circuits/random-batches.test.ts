import { expect } from "chai";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { RandomMarket } from "../fixtures/random-market.ts";
import { traceFeatures } from "../fixtures/trace-features.ts";
import { BatchCircuit } from "./batch-circuit.ts";

const BATCHES = 400;
const SEEDS = 8;

describe("batch circuit: whatever the ledger accepts is provable", function () {
  this.timeout(600_000);

  it(`${BATCHES} random batches of ${SEEDS} exchanges have witnesses, with every kind of row among them`, async () => {
    const hash = await buildFastPoseidon();
    const circuit = await BatchCircuit.load("test", hash);
    const tiers = TIERS.filter((tier) => tier.name === "test");
    const seen = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const market = new RandomMarket({ seed, hash, tiers });
      let batches = 0;
      while (batches < BATCHES / SEEDS) {
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
      "deleveraging that the fund covers",
      "deleveraging at the counterparty's cost",
      "reduction in a restricted market",
    ]) {
      expect([...seen], feature).to.include(feature);
    }
  });
});
