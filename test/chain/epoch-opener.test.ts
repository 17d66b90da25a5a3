import { expect } from "chai";
import { Contract, Wallet } from "ethers";
import { type EpochCadence, type EpochLoad, pricesMoved, whyNoEpoch } from "../../matcher/chain/epoch-cadence.ts";
import { EpochOpener, type FundingCharge } from "../../matcher/chain/epoch-opener.ts";
import { readLog } from "../../matcher/chain/l1-event.ts";
import { TransactionLine } from "../../matcher/chain/transaction-line.ts";
import { MARKET_REGISTRY_ABI, PRICE_ORACLE_ABI } from "../../matcher/protocol/abi.ts";
import { DEVNET_FUNDING_RATE_MAX_PPM_PER_HOUR } from "../../matcher/protocol/devnet-markets.ts";
import { fundingDeltaPicoUsdTowardZero } from "../../matcher/risk/funding-delta.ts";
import { devnetParameters, MARKET_STATUS } from "../../scripts/devnet/risk-parameters.ts";
import { devnetKeys } from "../../scripts/devnet/wallets.ts";
import { CHAIN_ID, eventually, PRICES_TICKS, signedRound, startTestChain, type TestChain } from "./test-chain.ts";

const cadence: EpochCadence = {
  leastMs: 1_000,
  idleMs: 10_000,
  aheadMax: 3,
  silentMs: 60_000,
  moveBoundPpm: 5_000,
};
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

  it("keeps nothing but the least time once prices have moved, and never runs ahead of settlement", () => {
    const slow = { ...load, proofMs: 8_000, busy: false };
    expect(whyNoEpoch(cadence, slow, 5, 999, true)).to.equal("1 s more");
    expect(whyNoEpoch(cadence, slow, 5, 1_000, true)).to.equal(undefined);
    expect(whyNoEpoch(cadence, { ...slow, settledEpoch: 2 }, 5, 1_000, true)).to.equal(
      "epoch 3 to have a settled batch",
    );
  });

  it("never runs ahead of settlement by more than it may, however long it takes", () => {
    expect(whyNoEpoch(cadence, { ...load, settledEpoch: 2 }, 5, 1e9)).to.equal("epoch 3 to have a settled batch");
    expect(whyNoEpoch(cadence, { ...load, settledEpoch: 3 }, 5, 1e9)).to.equal(undefined);
  });
});

describe("pricesMoved", () => {
  const moved = (before: number[], now: number[]) => pricesMoved(before, now, cadence);

  it("notices one market beyond the bound, in either direction, and not one at it", () => {
    expect(moved([7, 200_000], [7, 201_000])).to.equal(false);
    expect(moved([7, 200_000], [7, 201_001])).to.equal(true);
    expect(moved([7, 200_000], [7, 199_000])).to.equal(false);
    expect(moved([7, 200_000], [7, 198_999])).to.equal(true);
  });

  it("cannot tell of a market without a price before or now", () => {
    expect(moved([0, 5], [5, 0])).to.equal(false);
    expect(moved([], [5])).to.equal(false);
  });

  it("is exact at the greatest prices", () => {
    const greatest = 2 ** 32 - 1;
    expect(pricesMoved([greatest], [1], { ...cadence, moveBoundPpm: 999_999 })).to.equal(true);
    expect(pricesMoved([greatest], [1], { ...cadence, moveBoundPpm: 1_000_000 })).to.equal(false);
  });
});

describe("EpochOpener", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let line: TransactionLine;
  let opener: EpochOpener;
  let notices: string[];
  let now: EpochLoad;
  let charges: FundingCharge[];
  let fundingIsComplete: boolean;
  let durable: Promise<void>;

  beforeEach(async () => {
    chain = await startTestChain();
    notices = [];
    now = { ...load, settledEpoch: 0 };
    charges = [];
    fundingIsComplete = true;
    durable = Promise.resolve();
    line = new TransactionLine({
      provider: chain.provider,
      wallet: new Wallet(devnetKeys().operator),
      chainId: CHAIN_ID,
      confirmations: 0,
      pollMs: 10,
      onHalt: (report) => notices.push(`HALT ${report}`),
    });
    line.start();
    opener = openerWith({ leastMs: 1, idleMs: 1, aheadMax: 2, silentMs: 60_000, moveBoundPpm: 5_000 });
    await opener.start();
  });

  function openerWith(paced: EpochCadence): EpochOpener {
    const { exchange, oracle, registry } = chain.deployment;
    return new EpochOpener({
      provider: chain.provider,
      line,
      exchange,
      oracle,
      registry,
      cadence: paced,
      journalHead: () => 77n,
      load: () => now,
      fundingDeltasPicoUsd: (charge) => {
        if (!fundingIsComplete) return null;
        charges.push(charge);
        const charged = { rate8hPpm: 96, seconds: charge.toSeconds - charge.fromSeconds };
        return charge.pricesTicks.map((priceTicks) => fundingDeltaPicoUsdTowardZero(priceTicks, [charged]));
      },
      durable: () => durable,
      onNotice: (sentence) => notices.push(sentence),
    });
  }

  /** The same chain under another cadence. */
  async function restart(paced: Partial<EpochCadence>): Promise<void> {
    opener.stop();
    opener = openerWith({ leastMs: 1, idleMs: 1, aheadMax: 20, silentMs: 60_000, moveBoundPpm: 5_000, ...paced });
    await opener.start();
  }

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

  it("tells L1 nothing that a crash could still undo", async () => {
    let become = () => {};
    durable = new Promise((resolve) => {
      become = resolve;
    });
    opener.offer(await signedRound(chain.deployment, (await nowSeconds()) - 10));
    await eventually("the charge", () => charges.length === 1 || undefined);
    await new Promise((wake) => setTimeout(wake, 60));
    expect(await epochs()).to.deep.equal([]);
    become();
    await opened(1);
  });

  it("looks again what is open when the contract refuses: an earlier life's epoch may have arrived", async () => {
    const first = (await nowSeconds()) - 10;
    // It has looked before that one was mined.
    const late = openerWith({ leastMs: 1, idleMs: 1, aheadMax: 20, silentMs: 60_000, moveBoundPpm: 5_000 });
    await late.start();
    opener.offer(await signedRound(chain.deployment, first));
    await opened(1);
    opener.stop();
    late.offer(await signedRound(chain.deployment, first - 3));
    await eventually("the epoch of the earlier life", () => late.status().openedNumber === 1 || undefined);
    late.offer(await signedRound(chain.deployment, first + 4));
    await eventually("the next epoch", () => late.status().openedNumber === 2 || undefined);
    expect((await epochs()).map(({ number }) => number)).to.deep.equal([1, 2]);
    late.stop();
  });

  it("opens an epoch with the round's prices and time, and charges funding from the second on", async () => {
    const first = (await nowSeconds()) - 10;
    opener.offer(await signedRound(chain.deployment, first));
    await opened(1);
    opener.offer(await signedRound(chain.deployment, first + 6));
    await opened(2);
    const [one, two] = await epochs();
    expect(one).to.include({ number: 1, timeSeconds: first, journalHead: 77n, paramVersion: 1 });
    expect(one!.markets.map(({ priceTicks }) => priceTicks)).to.deep.equal([...PRICES_TICKS]);
    expect(one!.markets.map(({ fundingIndexPicoUsd }) => fundingIndexPicoUsd)).to.deep.equal(new Array(8).fill(0n));
    // 650,000 ticks · 96 ppm in eight hours · 6 s.
    expect(two!.markets[0]!.fundingIndexPicoUsd).to.equal((650_000n * 96n * 6n) / 28_800n);
    const bound = { pricesTicks: [...PRICES_TICKS], rateMaxPpmPerHour: DEVNET_FUNDING_RATE_MAX_PPM_PER_HOUR };
    expect(charges).to.deep.equal([
      { ...bound, fromSeconds: first, toSeconds: first },
      { ...bound, fromSeconds: first, toSeconds: first + 6 },
    ]);
  });

  it("waits while the funding to charge is not complete", async () => {
    fundingIsComplete = false;
    opener.offer(await signedRound(chain.deployment, (await nowSeconds()) - 10));
    await eventually("the reason", () => opener.status().waitingFor?.startsWith("the funding interval") || undefined);
    expect(opener.status().openedNumber).to.equal(0);
    fundingIsComplete = true;
    await opened(1);
    expect(notices).to.deep.equal([]);
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
    const later = openerWith(cadence);
    await later.start();
    expect(later.status().openedNumber).to.equal(1);
    later.offer(await signedRound(chain.deployment, first));
    expect(later.status().waitingFor).to.equal("a newer price round");
    later.stop();
  });

  /** Lets the chain's clock stand this many seconds ahead, with a block at that time. */
  async function advance(seconds: number): Promise<number> {
    const timeSeconds = (await nowSeconds()) + seconds;
    await chain.rpc("evm_setNextBlockTimestamp", timeSeconds);
    await chain.mine(1);
    return timeSeconds;
  }
  const priced = (market: number, priceTicks: number) =>
    PRICES_TICKS.map((price, i) => (i === market ? priceTicks : price));
  const asOwner = () => new Wallet(devnetKeys().owner, chain.provider);
  const lastEpoch = async () => (await epochs()).at(-1)!;

  it("goes on without rounds when none comes for long, moving no index, and with the next round again", async () => {
    opener.offer(await signedRound(chain.deployment, (await nowSeconds()) - 1));
    await opened(1);
    await restart({ silentMs: 200, leastMs: 300, idleMs: 300 });
    const silentSeconds = await advance(100);
    await opened(2);
    const { markets, timeSeconds } = await lastEpoch();
    expect(timeSeconds).to.be.within(silentSeconds, silentSeconds + 5);
    expect(markets.map(({ restricted }) => restricted)).to.deep.equal(PRICES_TICKS.map((price) => price > 0));
    expect(markets.map(({ priceTicks }) => priceTicks)).to.deep.equal([...PRICES_TICKS]);
    expect(charges.at(-1)!.pricesTicks).to.deep.equal(new Array(8).fill(0));
    expect(opener.status().restrictedMarkets).to.deep.equal([0, 1, 2, 3]);
    await advance(10);
    await opened(3);
    await restart({});
    const { openedNumber } = opener.status();
    opener.offer(await signedRound(chain.deployment, await advance(10)));
    await opened(openedNumber + 1);
    expect((await lastEpoch()).markets.some(({ restricted }) => restricted)).to.equal(false);
    expect(opener.status().restrictedMarkets).to.deep.equal([]);
    expect(notices).to.deep.equal([]);
  });

  it("waits for a round as long as the signers are not silent", async () => {
    await restart({ silentMs: 60_000 });
    await new Promise((wake) => setTimeout(wake, 400));
    expect(opener.status()).to.include({ openedNumber: 0, waitingFor: "a newer price round" });
  });

  it("opens the very first epoch without a round, rather than none", async () => {
    await restart({ silentMs: 100 });
    await opened(1);
    const { markets } = await lastEpoch();
    expect(markets.map(({ priceTicks }) => priceTicks)).to.deep.equal(new Array(8).fill(0));
  });

  it("does not take rounds that are never of use for a sign of life", async () => {
    await restart({ silentMs: 1_500 });
    let stale = (await nowSeconds()) - 400;
    await eventually("epoch 1", async () => {
      opener.offer(await signedRound(chain.deployment, stale++));
      return opener.status().openedNumber === 1 || undefined;
    });
    expect(notices[0]).to.match(/RoundTooOld/);
  });

  it("charges no funding where a market has no fresh price, and the others as ever", async () => {
    const first = await advance(10);
    opener.offer(await signedRound(chain.deployment, first));
    await opened(1);
    const second = await advance(61);
    opener.offer(await signedRound(chain.deployment, second, priced(1, 0)));
    await opened(2);
    const { markets } = await lastEpoch();
    expect(markets[1]).to.include({ restricted: true, priceTicks: 300_000, fundingIndexPicoUsd: 0n });
    expect(markets[0]).to.include({ restricted: false });
    expect(markets[0]!.fundingIndexPicoUsd).to.equal((650_000n * 96n * BigInt(second - first)) / 28_800n);
    expect(charges.at(-1)!.pricesTicks).to.deep.equal(priced(1, 0));
    expect(opener.status().restrictedMarkets).to.deep.equal([1]);
    expect(notices).to.deep.equal([]);
  });

  it("charges by the price that the oracle accepts, not by one that it holds back", async () => {
    opener.offer(await signedRound(chain.deployment, await advance(10)));
    await opened(1);
    opener.offer(await signedRound(chain.deployment, await advance(10), priced(2, 450_000)));
    await opened(2);
    expect((await lastEpoch()).markets[2]).to.include({ priceTicks: 150_000, restricted: false });
    expect(charges.at(-1)!.pricesTicks).to.deep.equal([...PRICES_TICKS]);
    expect(notices).to.deep.equal([]);
  });

  it("opens at once when a price has moved beyond the bound, and not for what the oracle holds back", async () => {
    await restart({ idleMs: 60_000, leastMs: 1 });
    now = { ...now, busy: false };
    const first = await advance(10);
    opener.offer(await signedRound(chain.deployment, first));
    await opened(1);
    await advance(20);
    // 0.5 % of 300,000 ticks.
    opener.offer(await signedRound(chain.deployment, first + 2, priced(1, 301_500)));
    await new Promise((wake) => setTimeout(wake, 300));
    expect(opener.status().openedNumber).to.equal(1);
    opener.offer(await signedRound(chain.deployment, first + 4, priced(1, 301_501)));
    await opened(2);
    // Far beyond what is accepted: an epoch brings the news, a second one would bring nothing.
    opener.offer(await signedRound(chain.deployment, first + 6, priced(1, 900_000)));
    await opened(3);
    expect((await lastEpoch()).markets[1]!.priceTicks).to.equal(301_501);
    opener.offer(await signedRound(chain.deployment, first + 8, priced(1, 900_100)));
    await new Promise((wake) => setTimeout(wake, 300));
    expect(opener.status().openedNumber).to.equal(3);
    opener.offer(await signedRound(chain.deployment, first + 10, priced(1, 301_501)));
    await new Promise((wake) => setTimeout(wake, 300));
    expect(opener.status().openedNumber).to.equal(3);
    opener.offer(await signedRound(chain.deployment, first + 12, priced(1, 310_000)));
    await opened(4);
    expect((await lastEpoch()).markets[1]!.priceTicks).to.equal(310_000);
  });

  it("uses a round that somebody else has submitted already, and a newer one instead of its own", async () => {
    const oracle = new Contract(chain.deployment.oracle, PRICE_ORACLE_ABI, asOwner());
    const submit = async (timeSeconds: number, prices?: readonly number[]) => {
      const round = await signedRound(chain.deployment, timeSeconds, prices);
      const { number, reports } = round;
      await (await oracle.getFunction("submitRound")({ number, timeSeconds, reports })).wait();
      return round;
    };
    const first = await advance(10);
    opener.offer(await submit(first));
    await opened(1);
    const mine = await signedRound(chain.deployment, first + 1, priced(0, 650_100));
    await advance(5);
    await submit(first + 2, priced(0, 650_200));
    opener.offer(mine);
    await opened(2);
    expect((await lastEpoch()).markets[0]!.priceTicks).to.equal(650_200);
    expect(charges.at(-1)!.pricesTicks[0]).to.equal(650_200);
    expect(notices).to.deep.equal([]);
  });

  it("takes new parameters into the next epoch, a market that closes and retires among them", async () => {
    opener.offer(await signedRound(chain.deployment, await advance(10)));
    await opened(1);
    const registry = new Contract(chain.deployment.registry, MARKET_REGISTRY_ABI, asOwner());
    const parameters = devnetParameters();
    parameters.maxFundingRatePpmPerHour = 12_345;
    await (await registry.getFunction("appendParameters")(parameters)).wait();
    parameters.markets[3]!.status = MARKET_STATUS.retired;
    await (await registry.getFunction("appendMarkets")(parameters)).wait();
    opener.offer(await signedRound(chain.deployment, await advance(10)));
    await opened(2);
    const epoch = await lastEpoch();
    expect(epoch.paramVersion).to.equal(3);
    const ending = { priceTicks: 15_000, fundingIndexPicoUsd: 0n, restricted: false };
    expect(epoch.markets[3]).to.include({ ...ending, retired: false, positionCapLots: 0n });
    expect(charges.at(-1)).to.deep.include({ pricesTicks: priced(3, 0), rateMaxPpmPerHour: 12_345 });
    now = { ...now, settledEpoch: 1 };
    opener.offer(await signedRound(chain.deployment, await advance(10), priced(3, 15_100)));
    await opened(3);
    expect((await lastEpoch()).markets[3]).to.include({ ...ending, retired: true });
    expect(charges.at(-1)).to.deep.include({ pricesTicks: priced(3, 0), rateMaxPpmPerHour: 12_345 });
    expect(opener.rateMaxPpmPerHour).to.equal(12_345);
    expect(opener.status().restrictedMarkets).to.deep.equal([]);
    expect(notices).to.deep.equal([]);
  });
});
