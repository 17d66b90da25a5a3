import { expect } from "chai";
import { SettlementLine } from "../../matcher/chain/settlement-line.ts";
import type { TransactionLine, TransactionRequest } from "../../matcher/chain/transaction-line.ts";
import { DEVNET_LIQUIDATION } from "../../matcher/protocol/devnet-markets.ts";
import type { ProvenBatch } from "../../matcher/protocol/proven-batch.ts";
import { genesisSharedState } from "../../matcher/protocol/shared-state.ts";
import { dataLayout, MARKETS, TIERS } from "../../matcher/protocol/spec.ts";
import { closedMarket } from "../../matcher/risk/epoch-terms.ts";

const tier = TIERS[1]!;
const layout = dataLayout(tier);

function batch(batchNumber: number): ProvenBatch {
  const epoch = {
    number: 1,
    timeSeconds: 1,
    rebateCapPpm: 0,
    liquidation: DEVNET_LIQUIDATION,
    paramVersion: 1,
    journalHead: 0n,
    markets: Array.from({ length: MARKETS }, () => closedMarket()),
  };
  return {
    batchNumber,
    commitment: BigInt(batchNumber),
    proof: {
      a: [1n, 2n],
      b: [
        [1n, 2n],
        [3n, 4n],
      ],
      c: [1n, 2n],
    },
    data: {
      tier,
      domain: 1n,
      sharedState: { ...genesisSharedState(), batchNumber: batchNumber - 1 },
      epoch,
      queue: [],
      newRoot: 1n,
      journalHead: 0n,
      fundingDigest: 0n,
      feeDeltaPicoUsd: 0n,
      insuranceSpentAfterPicoUsd: 0n,
      grossOpenInterestAfterLots: new Array(MARKETS).fill(0n),
      bodyWords: new Array(layout.length - layout.withdrawals).fill(0n),
    },
  };
}

/** Notes what is submitted; every transaction is mined at once. */
function recorder(): { line: TransactionLine; labels: string[] } {
  const labels: string[] = [];
  const submit = ({ label, onRevert }: TransactionRequest) => {
    labels.push(`${label} (${onRevert})`);
    const mined = Promise.resolve({ hash: label, blockNumber: labels.length, gasUsed: 1n });
    return { mined, confirmed: mined };
  };
  return { line: { submit } as unknown as TransactionLine, labels };
}

describe("SettlementLine", () => {
  it("sends batches in their order, whatever order their proofs come in", async () => {
    const { line, labels } = recorder();
    const settlements = new SettlementLine(line, `0x${"1".repeat(40)}`);
    const third = settlements.settle(batch(3));
    const second = settlements.settle(batch(2));
    expect(labels).to.deep.equal([]);
    settlements.settle(batch(1));
    const places = await Promise.all([second.mined, third.confirmed]);
    expect(labels).to.deep.equal(["Settling batch 1 (halt)", "Settling batch 2 (halt)", "Settling batch 3 (halt)"]);
    expect(places.map(({ blockNumber }) => blockNumber)).to.deep.equal([2, 3]);
    expect(settlements.nextBatch).to.equal(4);
  });

  it("refuses a batch that it was given before", () => {
    const settlements = new SettlementLine(recorder().line, `0x${"1".repeat(40)}`);
    settlements.settle(batch(1));
    settlements.settle(batch(3));
    expect(() => settlements.settle(batch(1))).to.throw(RangeError, "batch 1 was submitted twice");
    expect(() => settlements.settle(batch(3))).to.throw(RangeError, "batch 3 was submitted twice");
  });
});
