import { expect } from "chai";
import { pack } from "../../matcher/protocol/packing.ts";
import { publicData } from "../../matcher/protocol/public-data.ts";
import { genesisSharedState } from "../../matcher/protocol/shared-state.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { dataLayout, LIQUIDATION_WORD, tierById } from "../../matcher/protocol/spec.ts";
import { batchDataOf, sharedStateAfter } from "../../matcher/prover/batch-data.ts";
import { AccountStore } from "../../matcher/state/account-store.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { applyWords, publishedLiquidations } from "../../scripts/published/published-words.ts";
import { RandomMarket } from "../fixtures/random-market.ts";

describe("published words", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  it("lead from batch to batch to the proven root, whatever was traded, liquidated or retired", () => {
    const kinds = new Set<string>();
    for (const seed of [2, 3, 11]) {
      const market = new RandomMarket({ seed, hash, tiers: [tierById(1), tierById(2)], sign: false });
      const store = new AccountStore(hash);
      let state = genesisSharedState();
      for (let i = 0; i < 300; i++) {
        for (const trace of market.act()) {
          const data = batchDataOf(trace, { ...trace.epoch, paramVersion: 1, journalHead: 0n }, state);
          const words = publicData(data);
          expect(applyWords(store, trace.tier, words)).to.deep.equal(trace.accounts.map(({ account }) => account));
          expect(store.root, `seed ${seed}, batch ${trace.batchNumber}`).to.equal(trace.newRoot);
          const told = publishedLiquidations(trace.tier, words);
          expect(told).to.deep.equal(
            trace.liquidations.map(({ kind, account, counterparty, market, side, quantityLots, quoteMicroUsd }) => ({
              kind,
              account,
              counterparty,
              market,
              side,
              quantityLots,
              quoteMicroUsd,
            })),
          );
          for (const { kind } of told) kinds.add(kind);
          state = sharedStateAfter(data);
        }
      }
    }
    expect([...kinds].sort()).to.deep.equal(["deleveraging", "exitFill", "forcedClose", "liquidation"]);
  });

  it("may not name an account slot that is not in use", () => {
    const tier = tierById(0);
    const layout = dataLayout(tier);
    const words = new Array<bigint>(layout.length).fill(0n);
    const row = {
      kind: 6n,
      accountSlot: 1n,
      counterpartySlot: 0n,
      market: 0n,
      side: 1n,
      quantityLots: 1n,
      quoteMicroUsd: 1n,
    };
    words[layout.liquidations] = pack(LIQUIDATION_WORD, row);
    expect(() => publishedLiquidations(tier, words)).to.throw("account slot 1, which is not in use");
  });
});
