import { expect } from "chai";
import { sizesFromWords } from "../../matcher/protocol/account.ts";
import { unpack } from "../../matcher/protocol/packing.ts";
import { publicData } from "../../matcher/protocol/public-data.ts";
import { genesisSharedState } from "../../matcher/protocol/shared-state.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import {
  ACCOUNT_SLOT_WORDS,
  ACCOUNT_WORD,
  dataLayout,
  HEADER,
  LIQUIDATION_WORD,
  tierById,
} from "../../matcher/protocol/spec.ts";
import { batchDataOf, sharedStateAfter } from "../../matcher/prover/batch-data.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import { bodyWords, feeDeltaPicoUsd, liquidationWord } from "../../matcher/prover/public-body.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import type { BatchTrace, LiquidationTrace } from "../../matcher/state/trace.ts";
import { crashEpoch, liquidation, sampleCrash } from "../state/sample-crash.ts";
import { DOMAIN } from "./batcher-bench.ts";

const MICRO = 1_000_000n;

describe("public data of liquidations", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  const mirrored: LiquidationTrace = {
    kind: "deleveraging",
    account: 9,
    accountSlot: 63,
    counterparty: 8,
    counterpartySlot: 62,
    market: 7,
    side: "sell",
    quantityLots: 2 ** 40 - 1,
    quoteMicroUsd: 2n ** 72n - 1n,
    feePicoUsd: 0n,
    payoutPicoUsd: 5n,
    coveredPicoUsd: 3n,
  };

  it("is a word with kind, slots, market, side, quantity and quote, and nothing of who paid what", () => {
    expect(unpack(LIQUIDATION_WORD, liquidationWord(mirrored))).to.deep.equal({
      kind: 7n,
      accountSlot: 63n,
      counterpartySlot: 62n,
      market: 7n,
      side: 1n,
      quantityLots: 2n ** 40n - 1n,
      quoteMicroUsd: 2n ** 72n - 1n,
    });
    const { counterparty: _, counterpartySlot: __, ...rest } = mirrored;
    const sold = liquidationWord({ ...rest, kind: "liquidation", side: "buy" });
    expect(unpack(LIQUIDATION_WORD, sold)).to.deep.include({ kind: 6n, counterpartySlot: 0n, side: 0n });
    expect(liquidationWord({ ...mirrored, payoutPicoUsd: 9n })).to.equal(liquidationWord(mirrored));
    expect(() => liquidationWord({ ...mirrored, quoteMicroUsd: 2n ** 72n })).to.throw(RangeError);
  });

  /** Batches of a crash, the last of which has a liquidation with a payout. */
  function crashed(): BatchTrace[] {
    const { ledger, steps } = sampleCrash({ priceTicks: 88 });
    const batcher = new Batcher({ hash, domain: DOMAIN, tiers: [tierById(2)] });
    const traces = steps.flatMap((step) => batcher.push(step) ?? []);
    const fill = liquidation({ priceTicks: 88, quantityLots: 10, makerFeePpm: 200 });
    batcher.push(ledger.applyLiquidation(fill));
    return [...traces, batcher.cut() as BatchTrace];
  }

  it("stands between the rows and the account slots, zero padded", () => {
    const trace = crashed().at(-1) as BatchTrace;
    const words = bodyWords(trace);
    const layout = dataLayout(trace.tier);
    expect(words).to.have.length(layout.length - layout.withdrawals);
    const at = (index: number) => words[index - layout.withdrawals] as bigint;
    const row = trace.liquidations[0] as LiquidationTrace;
    expect(at(layout.liquidations)).to.equal(liquidationWord(row));
    expect([1, 2, 3].map((i) => at(layout.liquidations + i))).to.deep.equal([0n, 0n, 0n]);
    expect(at(layout.rows + 1)).to.equal(0n);
    const fund = unpack(ACCOUNT_WORD, at(layout.accounts));
    expect([fund.account, fund.collateralOffset - 2n ** 96n]).to.deep.equal([0n, 40n * MICRO]);
    const own = layout.accounts + ACCOUNT_SLOT_WORDS * row.accountSlot;
    expect(sizesFromWords([at(own + 1), at(own + 2)])[0]).to.equal(0n);
  });

  it("counts no payment of a liquidation among the fees", () => {
    const trace = crashed().at(-1) as BatchTrace;
    expect(feeDeltaPicoUsd(trace)).to.equal(200n * 880n);
  });

  it("carries what the fund has spent in the epoch, and hands it on", () => {
    let state = genesisSharedState();
    const epoch = { ...crashEpoch({ priceTicks: 88 }), paramVersion: 1, journalHead: 0n };
    for (const trace of crashed()) {
      const data = batchDataOf(trace, { ...trace.epoch, paramVersion: 1, journalHead: 0n }, state);
      const words = publicData(data);
      expect(words[HEADER.insuranceSpentBefore]).to.equal(0n);
      expect(words[HEADER.insuranceSpentAfter]).to.equal(trace.insuranceSpentAfterPicoUsd);
      state = sharedStateAfter(data);
    }
    expect(state.insuranceSpentPicoUsd).to.equal(10n * MICRO);
    // A batch that begins from another amount does not follow.
    const next: BatchTrace = {
      ...(crashed().at(-1) as BatchTrace),
      batchNumber: state.batchNumber + 1,
      oldRoot: state.accountRoot,
      queueCursor: state.queueCursor,
    };
    expect(() => batchDataOf(next, epoch, state)).to.throw("another insurance spending");
    expect(batchDataOf({ ...next, insuranceSpentBeforePicoUsd: 10n * MICRO }, epoch, state).sharedState).to.equal(
      state,
    );
    const later = { ...epoch, number: 3 };
    expect(batchDataOf({ ...next, epoch: later }, later, state).sharedState).to.equal(state);
  });
});
