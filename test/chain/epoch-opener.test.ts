import { expect } from "chai";
import { Wallet } from "ethers";
import { type EpochCadence, type EpochLoad, whyNoEpoch } from "../../matcher/chain/epoch-cadence.ts";
import { EpochOpener } from "../../matcher/chain/epoch-opener.ts";
import { readLog } from "../../matcher/chain/l1-event.ts";
import { TransactionLine } from "../../matcher/chain/transaction-line.ts";
import { interestFundingPicoUsd } from "../../matcher/oracle/interest-funding.ts";
import { devnetKeys } from "../../scripts/devnet/wallets.ts";
import { CHAIN_ID, eventually, PRICES_TICKS, signedRound, startTestChain, type TestChain } from "./test-chain.ts";

const cadence: EpochCadence = { leastMs: 1_000, idleMs: 10_000, aheadMax: 3 };
const load: EpochLoad = { proofMs: 0, provers: 1, settledEpoch: 5, busy: true };

describe("whyNoEpoch", () => {
  it("opens the first epoch at once", () => {
    expect(whyNoEpoch(cadence, { ...load, settledEpoch: 0, busy: false }, 0, 0)).to.equal(undefined);
  });

  it("keeps the least time between two epochs", () => {
    expect(whyNoEpoch(cadence, load, 5, 999)).to.equal("1 s more");
    expect(whyNoEpoch(cadence, load, 5, 1_000)).to.equal(undefined);
  });

  it("slows down to the time that proofs take, shared by the provers", () => {
    expect(whyNoEpoch(cadence, { ...load, proofMs: 8_000 }, 5, 9_999)).to.equal("1 s more");
    expect(whyNoEpoch(cadence, { ...load, proofMs: 8_000 }, 5, 10_000)).to.equal(undefined);
    expect(whyNoEpoch(cadence, { ...load, proofMs: 8_000, provers: 2 }, 5, 5_000)).to.equal(undefined);
  });

  it("waits long while nothing happens, since even an empty epoch costs a proof", () => {
    expect(whyNoEpoch(cadence, { ...load, busy: false }, 5, 9_000)).to.equal("1 s more");
    expect(whyNoEpoch(cadence, { ...load, busy: false }, 5, 10_000)).to.equal(undefined);
  });

  it("never runs ahead of settlement by more than it may, however long it takes", () => {
    expect(whyNoEpoch(cadence, { ...load, settledEpoch: 2 }, 5, 1e9)).to.equal("epoch 3 to have a settled batch");
    expect(whyNoEpoch(cadence, { ...load, settledEpoch: 3 }, 5, 1e9)).to.equal(undefined);
  });
});

describe("EpochOpener", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let line: TransactionLine;
  let opener: EpochOpener;
  let notices: string[];
  let now: EpochLoad;

  beforeEach(async () => {
    chain = await startTestChain();
    notices = [];
    now = { ...load, settledEpoch: 0 };
    line = new TransactionLine({
      provider: chain.provider,
      wallet: new Wallet(devnetKeys().operator),
      chainId: CHAIN_ID,
      confirmations: 0,
      pollMs: 10,
      onHalt: (report) => notices.push(`HALT ${report}`),
    });
    line.start();
    opener = new EpochOpener({
      provider: chain.provider,
      line,
      exchange: chain.deployment.exchange,
      cadence: { leastMs: 1, idleMs: 1, aheadMax: 2 },
      journalHead: () => 77n,
      load: () => now,
      fundingDeltasPicoUsd: (prices, elapsed) => interestFundingPicoUsd(12, prices, elapsed),
      onNotice: (sentence) => notices.push(sentence),
    });
    await opener.start();
  });

  afterEach(async () => {
    opener.stop();
    await line.stop();
    await chain.close();
  });

  const nowSeconds = async () => (await chain.provider.getBlock("latest"))!.timestamp;
  const opened = (number: number) =>
    eventually(`epoch ${number}`, () => opener.status().openedNumber === number || undefined);

  async function epochs() {
    const { exchange, firstBlock } = chain.deployment;
    const logs = await chain.provider.getLogs({ address: exchange, fromBlock: firstBlock });
    return logs.flatMap((log) => {
      const event = readLog(log);
      return event?.type === "epoch" ? [event.epoch] : [];
    });
  }

  it("opens an epoch with the round's prices and time, and charges interest from the second on", async () => {
    const first = (await nowSeconds()) - 10;
    opener.offer(await signedRound(chain.deployment, first));
    await opened(1);
    opener.offer(await signedRound(chain.deployment, first + 6));
    await opened(2);
    const [one, two] = await epochs();
    expect(one).to.include({ number: 1, timeSeconds: first, journalHead: 77n, paramVersion: 1 });
    expect(one!.markets.map(({ priceTicks }) => priceTicks)).to.deep.equal([...PRICES_TICKS]);
    expect(one!.markets.map(({ fundingIndexPicoUsd }) => fundingIndexPicoUsd)).to.deep.equal(new Array(8).fill(0n));
    // 650,000 ticks · 12 ppm an hour · 6 s.
    expect(two!.markets[0]!.fundingIndexPicoUsd).to.equal((650_000n * 12n * 6n) / 3600n);
  });

  it("does not open a third epoch before the first has a settled batch", async () => {
    const first = (await nowSeconds()) - 10;
    for (const i of [0, 1, 2]) {
      opener.offer(await signedRound(chain.deployment, first + i));
      if (i < 2) await opened(i + 1);
    }
    await eventually("the reason", () => opener.status().waitingFor?.startsWith("epoch 1 to have") || undefined);
    await new Promise((wake) => setTimeout(wake, 300));
    expect(opener.status().openedNumber).to.equal(2);
    now = { ...now, settledEpoch: 1 };
    await opened(3);
  });

  it("holds a round back until the chain's clock has reached its time", async () => {
    const ahead = (await nowSeconds()) + 100;
    opener.offer(await signedRound(chain.deployment, ahead));
    await eventually("the reason", () => opener.status().waitingFor?.startsWith("the chain's clock") || undefined);
    await chain.rpc("evm_setNextBlockTimestamp", ahead);
    await chain.mine(1);
    await opened(1);
    expect(notices).to.deep.equal([]);
  });

  it("says why a round was refused and goes on with the next", async () => {
    const nowTime = await nowSeconds();
    opener.offer(await signedRound(chain.deployment, nowTime - 400));
    const notice = await eventually("the refusal", () => notices[0]);
    expect(notice).to.match(/^Opening epoch 1 was refused by the contract: RoundTooOld\(timeSeconds = \d+/);
    opener.offer(await signedRound(chain.deployment, nowTime - 1));
    await opened(1);
    expect(line.status().state).to.equal("running");
  });

  it("reads where an earlier run left off", async () => {
    const first = (await nowSeconds()) - 10;
    opener.offer(await signedRound(chain.deployment, first));
    await opened(1);
    opener.stop();
    const later = new EpochOpener({
      provider: chain.provider,
      line,
      exchange: chain.deployment.exchange,
      cadence,
      journalHead: () => 0n,
      load: () => now,
      fundingDeltasPicoUsd: () => new Array(8).fill(0n),
    });
    await later.start();
    expect(later.status().openedNumber).to.equal(1);
    later.offer(await signedRound(chain.deployment, first));
    expect(later.status().waitingFor).to.equal("a newer price round");
    later.stop();
  });
});
