import { expect } from "chai";
import { type HDNodeWallet, Wallet } from "ethers";
import { signReport } from "../../matcher/oracle/report-signer.ts";
import { parseReport, ReportRefused, RoundCollector } from "../../matcher/oracle/round-collector.ts";
import { wireOracle } from "../../matcher/oracle/wire-oracle.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import type { PriceReport, ReportedRound } from "../../matcher/protocol/price-report.ts";

const context = { chainId: 31337, oracle: "0x5FbDB2315678afecb367f032d93F642f64180aa3" };
const PRICES = [650_000, 300_000, 0, 0, 0, 0, 0, 0];
/** In increasing order of their addresses. */
const wallets = Array.from({ length: 3 }, (_, i) => new Wallet(`0x${String(i + 1).padStart(64, "0")}`)).sort((a, b) =>
  BigInt(a.address) < BigInt(b.address) ? -1 : 1,
);
const signers = wallets.map(({ address }) => address);

const report = (wallet: Wallet | HDNodeWallet, round = 100, timeSeconds = 1_000, pricesTicks = PRICES) =>
  signReport(wallet, context, { round, timeSeconds, pricesTicks });

async function refusalOf(collector: RoundCollector, offered: PriceReport): Promise<string> {
  try {
    collector.offer(offered);
  } catch (error) {
    if (error instanceof ReportRefused) return error.message;
    throw error;
  }
  return "accepted";
}

describe("RoundCollector", () => {
  it("makes a round of one report when one is enough", async () => {
    const collector = new RoundCollector(context, { signers, threshold: 1 });
    const given = await report(wallets[1]!);
    expect(collector.offer(given)).to.deep.equal({
      number: 100,
      timeSeconds: 1_000,
      reports: [{ pricesTicks: PRICES, signature: given.signature }],
      pricesTicks: PRICES,
    });
  });

  it("waits for as many different signers as the contract asks, sorts them and takes the median", async () => {
    const collector = new RoundCollector(context, { signers, threshold: 3 });
    const prices = (btc: number) => [btc, ...PRICES.slice(1)];
    const given = await Promise.all(
      wallets.map((wallet, i) => report(wallet, 100, 1_000, prices([650_000, 700_000, 640_000][i]!))),
    );
    expect(collector.offer(given[2]!)).to.equal(undefined);
    expect(collector.offer(given[2]!), "the same signer counts once").to.equal(undefined);
    expect(collector.offer(given[0]!)).to.equal(undefined);
    const round = collector.offer(given[1]!);
    expect(round?.reports.map(({ signature }) => signature)).to.deep.equal(given.map(({ signature }) => signature));
    expect(round?.pricesTicks[0]).to.equal(650_000);
  });

  it("does not mix reports of one round with different times", async () => {
    const collector = new RoundCollector(context, { signers, threshold: 2 });
    collector.offer(await report(wallets[0]!, 100, 1_000));
    expect(collector.offer(await report(wallets[1]!, 100, 1_001))).to.equal(undefined);
    expect(collector.offer(await report(wallets[2]!, 100, 1_001))?.timeSeconds).to.equal(1_001);
  });

  it("refuses strangers, changed prices, and signatures for another oracle or chain", async () => {
    const collector = new RoundCollector(context, { signers: signers.slice(0, 2), threshold: 1 });
    const good = await report(wallets[0]!);
    const elsewhere = { ...context, chainId: 1 };
    const unsigned = { round: 100, timeSeconds: 1_000, pricesTicks: PRICES };
    for (const bad of [
      await report(wallets[2]!),
      { ...good, pricesTicks: [650_001, ...PRICES.slice(1)] },
      { ...good, round: 101 },
      { ...good, timeSeconds: 1_001 },
      await signReport(wallets[0]!, elsewhere, unsigned),
      { ...good, signature: `0x${"00".repeat(65)}` },
    ]) {
      expect(await refusalOf(collector, bad)).to.match(/signed it, who is no signer of the PriceOracle 0x5FbD/);
    }
    expect(await refusalOf(collector, good)).to.equal("accepted");
  });

  it("refuses rounds before one that is complete, and has no use for late reports of that one", async () => {
    const collector = new RoundCollector(context, { signers, threshold: 1 });
    collector.offer(await report(wallets[0]!, 100));
    expect(await refusalOf(collector, await report(wallets[1]!, 99))).to.match(/round 99 is older/);
    expect(collector.offer(await report(wallets[1]!, 100))).to.equal(undefined);
    expect(collector.offer(await report(wallets[1]!, 101))?.number).to.equal(101);
  });

  it("takes no price for a price: a market needs as many as the contract asks, and zeros do not count", async () => {
    const collector = new RoundCollector(context, { signers, threshold: 2 });
    const prices = (...first: number[]) => [...first, 0, 0, 0, 0, 0];
    collector.offer(await report(wallets[0]!, 100, 1_000, prices(650_000, 0, 0)));
    const round = collector.offer(await report(wallets[1]!, 100, 1_000, prices(640_000, 300_000, 0)));
    expect(round?.pricesTicks.slice(0, 3)).to.deep.equal([640_000, 0, 0]);
  });

  it("waits a while for all signers, so that the median rests on as many as there are, and no longer", async () => {
    const rounds: ReportedRound[] = [];
    const late = { graceMs: 20, onRound: (round: ReportedRound) => rounds.push(round) };
    const collector = new RoundCollector(context, { signers, threshold: 2 }, late);
    const prices = (btc: number) => [btc, ...PRICES.slice(1)];
    // All three: at once.
    const all = [650_000, 700_000, 640_000];
    for (const [i, btc] of all.entries()) {
      const round = collector.offer(await report(wallets[i]!, 100, 1_000, prices(btc)));
      expect(round?.pricesTicks[0]).to.equal(i === 2 ? 650_000 : undefined);
    }
    // Two: after the grace, once.
    for (const i of [0, 1]) collector.offer(await report(wallets[i]!, 101, 1_001, prices(all[i]!)));
    expect(rounds).to.deep.equal([]);
    await new Promise((wake) => setTimeout(wake, 60));
    expect(rounds.map(({ number, pricesTicks }) => [number, pricesTicks[0]])).to.deep.equal([[101, 650_000]]);
    // One is no round; a closed collector tells nothing more.
    collector.offer(await report(wallets[0]!, 102, 1_002));
    collector.offer(await report(wallets[1]!, 103, 1_003));
    collector.offer(await report(wallets[2]!, 103, 1_003));
    collector.close();
    await new Promise((wake) => setTimeout(wake, 60));
    expect(rounds).to.have.length(1);
  });

  it("ends a round's grace to the millisecond that it was given, and calls it off when the last signer reports", async () => {
    const rounds: number[] = [];
    const waits: { delayMs: number; run: () => void; off: boolean }[] = [];
    const collector = new RoundCollector(
      context,
      { signers, threshold: 2 },
      {
        graceMs: 500,
        onRound: ({ number }) => rounds.push(number),
        after: (delayMs, run) => {
          const wait = { delayMs, run, off: false };
          waits.push(wait);
          return () => {
            wait.off = true;
          };
        },
      },
    );
    const offer = async (signer: number, round: number) =>
      collector.offer(await report(wallets[signer]!, round, 900 + round));
    await offer(0, 100);
    expect(waits, "one is not enough to wait for the others").to.deep.equal([]);
    await offer(1, 100);
    expect(waits.map(({ delayMs }) => delayMs)).to.deep.equal([500]);
    expect((await offer(2, 100))?.number).to.equal(100);
    expect(waits[0]?.off, "nobody is waited for any more").to.equal(true);
    await offer(0, 101);
    await offer(1, 101);
    await offer(0, 102);
    waits[1]?.run();
    expect(rounds).to.deep.equal([101]);
    expect((await offer(2, 101)) ?? null, "late, and of no use").to.equal(null);
    await offer(1, 102);
    expect((await offer(2, 102))?.number, "the next round went on meanwhile").to.equal(102);
  });

  it("lets nobody push out another's reports, nor take back what it reported", async () => {
    const collector = new RoundCollector(context, { signers, threshold: 2 });
    const [liar, honest, other] = wallets as [Wallet, Wallet, Wallet];
    collector.offer(await report(honest, 100));
    for (let round = 101; round < 140; round++) collector.offer(await report(liar, round, 900 + round));
    expect(collector.offer(await report(other, 100))?.number, "the flood has not washed it away").to.equal(100);
    // Of its own, the newest eight wait: 132 … 139.
    expect(collector.offer(await report(honest, 131, 1_031)), "its ninth newest").to.equal(undefined);
    expect(collector.offer(await report(honest, 132, 1_032))?.number, "its eighth newest").to.equal(132);
    collector.offer(await report(honest, 200, 2_000));
    expect(collector.offer(await report(honest, 200, 2_000)), "again the same").to.equal(undefined);
    const changed = await report(honest, 200, 2_000, [650_001, ...PRICES.slice(1)]);
    expect(await refusalOf(collector, changed)).to.match(/reported other prices for round 200 before/);
    const round = collector.offer(await report(other, 200, 2_000));
    expect(round?.pricesTicks[0]).to.equal(650_000);
  });

  it("refuses a changed report of a round that is complete, from signers that were in it and from those that came late", async () => {
    const collector = new RoundCollector(context, { signers, threshold: 2 });
    const changed = [650_001, ...PRICES.slice(1)];
    const [early, , late] = wallets as [Wallet, Wallet, Wallet];
    for (const wallet of wallets) collector.offer(await report(wallet));
    for (const wallet of [early, late]) {
      expect(collector.offer(await report(wallet)), "again the same").to.equal(undefined);
      expect(await refusalOf(collector, await report(wallet, 100, 1_000, changed))).to.match(
        /other prices for round 100/,
      );
    }
    const drifts = collector.board.status(1_000).signers.map(({ driftPpm, refused }) => [driftPpm[0], refused]);
    expect(drifts, "the status keeps what counted").to.deep.equal([
      [0, 1],
      [0, 0],
      [0, 1],
    ]);
    collector.offer(await report(early, 101, 1_001, changed));
    expect(collector.offer(await report(late, 101, 1_001, changed))?.pricesTicks[0], "the next one").to.equal(650_001);
  });

  it("has no round with one signer of three, however often it reports", async () => {
    const collector = new RoundCollector(context, { signers, threshold: 2 });
    for (let round = 100; round < 120; round++) {
      expect(collector.offer(await report(wallets[0]!, round, 900 + round))).to.equal(undefined);
    }
  });

  it("shows who reported what, how old it is and how far from the median", async () => {
    const collector = new RoundCollector(context, { signers, threshold: 2 });
    const prices = (btc: number) => [btc, 0, 0, 0, 0, 0, 0, 0];
    collector.offer(await report(wallets[0]!, 100, 1_000, prices(650_000)));
    collector.offer(await report(wallets[1]!, 100, 1_000, prices(650_650)));
    collector.offer(await report(wallets[2]!, 100, 1_000, prices(649_350)));
    expect(await refusalOf(collector, await report(wallets[2]!, 99))).to.not.equal("accepted");
    const { signers: known, markets } = collector.board.status(1_007);
    expect(
      known.map(({ signer, ageSeconds, driftPpm, refused }) => [signer, ageSeconds, driftPpm[0], refused]),
    ).to.deep.equal([
      [signers[0], 7, 0, 0],
      [signers[1], 7, 1_000, 0],
      [signers[2], 7, -1_000, 1],
    ]);
    expect(known[0]?.driftPpm.slice(1)).to.deep.equal(new Array(7).fill(null));
    expect(markets).to.deep.equal([{ market: 0, medianTicks: 650_000, prices: 2, ageSeconds: 7 }]);
  });

  it("says so in the words of the API, markets by name and prices in USD, with what is not known left out", async () => {
    const collector = new RoundCollector(context, { signers, threshold: 2 });
    const btc = DEVNET_MARKETS[0]!.market;
    const told = () => wireOracle(collector.board.status(1_009), { accepted: 2, refused: 1 }, [btc]);
    const silent = { round: null, timeSeconds: null, ageSeconds: null, drift: [], refused: 0 };
    expect(told()).to.deep.equal({
      threshold: 2,
      round: 0,
      accepted: 2,
      refused: 1,
      signers: signers.map((signer) => ({ signer, ...silent })),
      markets: [],
    });
    collector.offer(await report(wallets[0]!, 100, 1_000, [650_000, 300_000, 0, 0, 0, 0, 0, 0]));
    collector.offer(await report(wallets[1]!, 100, 1_000, [650_065, 300_000, 0, 0, 0, 0, 0, 0]));
    expect(told().round).to.equal(100);
    // A market that loses its price keeps the last one, whose age shows it; so does a signer that falls silent.
    collector.offer(await report(wallets[0]!, 101, 1_004, [0, 300_000, 0, 0, 0, 0, 0, 0]));
    collector.offer(await report(wallets[1]!, 101, 1_004, [650_065, 300_000, 0, 0, 0, 0, 0, 0]));
    expect(told().markets).to.deep.equal([{ market: "BTC-USD", median: "65000.0", ageSeconds: 9, prices: 2 }]);
    const at = { round: 101, timeSeconds: 1_004, ageSeconds: 5, refused: 0 };
    expect(told().signers).to.deep.equal([
      { signer: signers[0], ...at, drift: [] },
      { signer: signers[1], ...at, drift: [{ market: "BTC-USD", ppm: 100 }] },
      { signer: signers[2], ...silent },
    ]);
  });
});

describe("parseReport", () => {
  it("names what is wrong with a report", async () => {
    const good = await report(wallets[0]!);
    expect(parseReport({ ...good })).to.deep.equal(good);
    const cases: [unknown, RegExp][] = [
      [null, /a report is an object/],
      [[], /round is not/],
      [{ ...good, round: 0 }, /round is not/],
      [{ ...good, round: "100" }, /round is not/],
      [{ ...good, timeSeconds: 2 ** 32 }, /timeSeconds is not/],
      [{ ...good, pricesTicks: PRICES.slice(1) }, /does not have 8 prices/],
      [{ ...good, pricesTicks: [-1, ...PRICES.slice(1)] }, /unsigned 32-bit/],
      [{ ...good, pricesTicks: [0.5, ...PRICES.slice(1)] }, /unsigned 32-bit/],
      [{ ...good, signature: "0x12" }, /signature is not 65 bytes/],
    ];
    for (const [body, sentence] of cases) expect(() => parseReport(body)).to.throw(ReportRefused, sentence);
  });
});
