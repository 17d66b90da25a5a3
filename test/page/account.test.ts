import { expect } from "chai";
import { fundingSinceOpened } from "../../matcher/page/account/funding-since-opened.ts";
import { withdrawalStages } from "../../matcher/page/account/withdrawal-stage.ts";
import { uptimeSlots } from "../../matcher/page/status/uptime-slots.ts";
import { depositStage, type Passage } from "../../matcher/page/wallet/passage.ts";

describe("funding of a position", () => {
  const market = "BTC-USD";
  const fill = (side: "buy" | "sell", size: string, atMs: number) => ({ market, side, size, atMs });
  const paid = (amount: string, atMs: number) => ({ market, amount, atMs });

  it("is what was paid since it was opened", () => {
    const fills = [fill("buy", "0.5", 30), fill("buy", "1", 20), fill("sell", "2", 5)];
    const payments = [paid("-0.25", 40), paid("-0.5", 25), paid("-8", 10)];
    expect(fundingSinceOpened(market, "1.5", fills, payments)).to.deep.equal({ amount: "-0.75", isWhole: true });
  });

  it("begins anew where the position changed its side", () => {
    const fills = [fill("sell", "3", 20), fill("buy", "2", 10)];
    const payments = [paid("0.125", 30), paid("-4", 15)];
    expect(fundingSinceOpened(market, "-1", fills, payments)).to.deep.equal({ amount: "0.125", isWhole: true });
  });

  it("says that there may be more when the position is older than the fills", () => {
    expect(fundingSinceOpened(market, "2", [fill("buy", "1", 20)], [paid("-1", 5)])).to.deep.equal({
      amount: "-1",
      isWhole: false,
    });
  });

  it("looks at its own market only", () => {
    const others = [{ market: "ETH-USD", amount: "7", atMs: 30 }];
    expect(fundingSinceOpened(market, "1", [fill("buy", "1", 20)], others).amount).to.equal("0");
  });
});

describe("stages of withdrawals", () => {
  const withdrawal = (amount: string, label: "accepted" | "proven") => ({ amount, finality: { label } });

  it("are accepted until they are proven, then claimable, and claimed when the contract has nothing more of them", () => {
    const rows = [withdrawal("5", "accepted"), withdrawal("3", "proven"), withdrawal("2", "proven")];
    expect(withdrawalStages(rows, 5_000_000n)).to.deep.equal(["accepted", "claimable", "claimable"]);
    expect(withdrawalStages(rows, 3_000_000n)).to.deep.equal(["accepted", "claimable", "claimed"]);
    expect(withdrawalStages(rows, 0n)).to.deep.equal(["accepted", "claimed", "claimed"]);
  });

  it("are no more than proven while L1 is not known", () => {
    expect(withdrawalStages([withdrawal("3", "proven")], null)).to.deep.equal(["proven"]);
  });
});

describe("stages of a deposit", () => {
  const passage: Passage = { amount: "5", txHash: "0x1", queueIndex: 4, blockNumber: 100, sentMs: 0 };
  const deposit = (amount: string, label: string) => ({ amount, finality: { label } });
  const at = (confirmedBlock: number, queueCursor: number, deposits: ReturnType<typeof deposit>[] = []) =>
    depositStage(passage, { confirmedBlock, queueCursor, deposits }, []);

  it("follow the block, the queue and the proof", () => {
    expect(at(99, 4)).to.equal("queued");
    expect(at(100, 4)).to.equal("confirmed");
    expect(at(100, 5)).to.equal("credited");
    expect(at(100, 5, [deposit("5", "accepted")])).to.equal("credited");
    expect(at(100, 5, [deposit("5", "proven")])).to.equal("proven");
    expect(at(100, 5, [deposit("6", "proven")])).to.equal("credited");
  });

  it("do not take the proof of an earlier deposit of the same amount for that of a later one", () => {
    const later = { ...passage, queueIndex: 6 };
    const deposits = [deposit("5", "accepted"), deposit("5", "proven")];
    const progress = { confirmedBlock: 200, queueCursor: 7, deposits };
    expect(depositStage(later, progress, [])).to.equal("credited");
    expect(depositStage(passage, progress, [later])).to.equal("proven");
  });
});

describe("the picture of the uptime", () => {
  it("shows which share of each part was down", () => {
    const { slots, fromMs } = uptimeSlots(0, [{ fromMs: 150, toMs: 300 }], 400, 4);
    expect(fromMs).to.equal(0);
    expect(slots).to.deep.equal([0, 0.5, 1, 0]);
  });

  it("goes on to now for one that lasts, and no further back than a day", () => {
    const day = 86_400_000;
    const { slots, fromMs } = uptimeSlots(0, [{ fromMs: 2 * day - day / 4, toMs: null }], 2 * day, 4);
    expect(fromMs).to.equal(day);
    expect(slots).to.deep.equal([0, 0, 0, 1]);
  });
});
