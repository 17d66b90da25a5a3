import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import {
  type FundingInterval,
  type FundingSample,
  fundingIntervalWords,
  nextFundingDigest,
} from "../../matcher/protocol/funding-interval.ts";
import type { WireFundingInterval } from "../../matcher/protocol/funding-wire.ts";
import { fundingOf } from "../../matcher/risk/funding-rate.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { type PublishedFunding, readPublishedFunding } from "../../scripts/funding/published-funding.ts";
import { readServedFunding, type ServedFunding, type ServedInterval } from "../../scripts/funding/served-funding.ts";
import { type Verdict, verifyFunding } from "../../scripts/funding/verification.ts";
import { PRICES_TICKS } from "../chain/test-chain.ts";
import { SettledRun } from "./settled-run.ts";

interface Ending {
  code: number;
  output: string;
}

/** Runs the command as its users do. */
function command(...args: string[]): Promise<Ending> {
  const line = ["--disable-warning=ExperimentalWarning", "scripts/funding.ts", ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, line, { timeout: 50_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, output: stdout + stderr });
    });
  });
}

const allFaults = ({ intervals, faults }: Verdict) => [...faults, ...intervals.flatMap((row) => row.faults)];

/** What a liar would serve in place of an interval: the hash, the rates and the lists fit the samples again. */
function lie(interval: ServedInterval, change: Partial<FundingInterval>, previousDigest = interval.previousDigest) {
  const content = { ...interval.content, ...change };
  const digest = nextFundingDigest(previousDigest, fundingIntervalWords(content));
  const funding = fundingOf(content);
  const rates = new Map(
    [...interval.rates].map(([market, rate]) => {
      const found = funding.find((candidate) => candidate.market === market);
      return [market, { ...rate, ...found, digest: `0x${digest.toString(16)}` }];
    }),
  );
  return { content, previousDigest, digest, funding, rates };
}

/** Everything after the lie is hashed again, so that the chain holds. */
function lieFrom(served: ServedFunding, at: number, change: Partial<FundingInterval>): ServedFunding {
  const intervals: ServedInterval[] = [];
  for (const [i, interval] of served.intervals.entries()) {
    const previous = intervals[i - 1]?.digest ?? interval.previousDigest;
    intervals.push(i < at ? interval : lie(interval, i === at ? change : {}, previous));
  }
  return { ...served, intervals };
}

describe("the verification of funding", function () {
  this.timeout(120_000);
  let run: SettledRun;
  let published: PublishedFunding;
  let served: ServedFunding;
  let places: string[];

  before(async () => {
    run = await SettledRun.start(await buildFastPoseidon());
    // Three and a half intervals: epochs every 20 s, prices that move, a bid that stands above the index in the second and third.
    for (let second = 0; second <= 230; second++) {
      if (second > 0) run.sample(second);
      if (second % 20 === 0) await run.epoch(second, [PRICES_TICKS[0]! - second, ...PRICES_TICKS.slice(1)]);
      if (second === 75)
        await run.place({ sequence: 64, limitPriceTicks: PRICES_TICKS[0]! + 1_300, quantityLots: 30_000 });
    }
    const { provider, deployment } = run.chain;
    published = await readPublishedFunding(provider, deployment.exchange, deployment.firstBlock);
    served = await readServedFunding(run.apiUrl);
    places = ["--api", run.apiUrl, "--rpc", deployment.rpcUrl, "--exchange", deployment.exchange];
  });
  after(() => run?.close());

  it("finds everything as the samples say, and has enough to say so of", () => {
    const verdict = verifyFunding(published, served);
    expect(allFaults(verdict)).to.deep.equal([]);
    expect(verdict).to.deep.include({ notes: [], uncheckedBatches: 0, uncheckedEpochs: 0 });
    expect(published.epochs).to.have.length(12);
    // The first epoch has two: its three queue entries do not fit into one.
    expect(published.batches).to.have.length(12);
    expect(verdict.intervals.map(({ samples }) => samples)).to.deep.equal([59, 60, 60]);
    expect(verdict.intervals.map(({ epochs }) => epochs)).to.deep.equal([
      [5, 6, 7],
      [8, 9, 10],
      [11, 12],
    ]);
    expect(verdict.intervals.map(({ batches }) => batches)).to.deep.equal([
      [5, 6, 7],
      [8, 9, 10],
      [11, 12],
    ]);
    const rates = verdict.intervals.map(({ funding }) => funding[0]?.rate8hPpm ?? 0);
    expect(rates[0]).to.equal(100);
    expect(rates[1]).to.be.above(1_500);
    expect(rates[2]).to.be.above(2_000);
    const indices = published.epochs.map(({ markets }) => markets[0]?.fundingIndexPicoUsd ?? 0n);
    expect(indices.slice(0, 4)).to.deep.equal([0n, 0n, 0n, 0n]);
    expect((indices[9] as bigint) > 0n).to.equal(true);
  });

  it("is a command that prints a table and ends with 0", async () => {
    const { code, output } = await command("--verify", ...places);
    expect(code, output).to.equal(0);
    expect(output).to.match(/interval +from +samples +BTC-USD +ETH-USD +SOL-USD +DOGE-USD +batches +epochs/);
    expect(output.match(/✓$/gm)).to.have.length(3);
    expect(output).to.include("✓ 3 intervals, digests of batches 5–12, indices of epochs 5–12: as the samples say.");
    const shown = await command(...places);
    expect(shown.code).to.equal(0);
    expect(shown.output).to.include("Nothing was compared").and.not.include("✓");
  });

  it("shows one interval, or says that it is not served", async () => {
    const interval = served.intervals[1]?.content.interval as number;
    const { code, output } = await command("--verify", "--interval", `${interval}`, ...places);
    expect(code, output).to.equal(0);
    expect(output)
      .to.include(`digest through ${interval}: 0x00`)
      .and.to.include("✓ 1 intervals, digests of batches 8–10");
    const none = await command("--verify", "--interval", "7", ...places);
    expect(none).to.deep.equal({
      code: 1,
      output: `Interval 7 is not served; ${interval - 1} to ${interval + 1} are.\n`,
    });
  });

  it("refuses in one sentence what it cannot ask", async () => {
    const [, api, , rpc, , exchange] = places as [string, string, string, string, string, string];
    const lateBlock = (await run.chain.provider.getBlockNumber()) - 2;
    const nobody = "http://127.0.0.1:9";
    for (const [args, sentence] of [
      [["--api", nobody, "--rpc", rpc, "--exchange", exchange], `The exchange at ${nobody} does not answer.`],
      [["--api", api, "--rpc", nobody, "--exchange", exchange], `No chain answers at ${nobody}.`],
      [["--api", api, "--rpc", rpc, "--exchange", `0x${"1".repeat(40)}`], "There is no contract at 0x1111"],
      [["--api", api, "--rpc", rpc, "--exchange", "0x12"], '--exchange needs an address, not "0x12".'],
      [
        ["--first-block", `${lateBlock}`, ...places],
        `The logs from block ${lateBlock} on lack epoch 1: begin with an earlier`,
      ],
      [["--interval", "x", ...places], '--interval needs a whole number, not "x".'],
    ] as const) {
      const { code, output } = await command("--verify", ...args);
      expect(code).to.equal(1);
      expect(output).to.include(sentence);
      expect(output.trim().split("\n"), output).to.have.length(1);
    }
  });

  describe("through a door that changes one sample", () => {
    let door: Server;
    let url: string;

    before(async () => {
      const target = served.intervals[1]?.content.interval;
      door = createServer(async (request, response) => {
        const answer = await fetch(new URL(request.url ?? "/", run.apiUrl));
        let text = await answer.text();
        if (request.url === `/v1/funding/samples?interval=${target}`) {
          const wire = JSON.parse(text) as WireFundingInterval;
          const market = wire.samples[30]?.markets[0] as { impactBidTicksQ20: number };
          market.impactBidTicksQ20 += 1;
          text = JSON.stringify(wire);
        }
        response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
      });
      await new Promise<void>((ready) => door.listen(0, "127.0.0.1", ready));
      url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
    });
    after(() => new Promise((closed) => door.close(closed)));

    it("ends with 1 and names the interval, though a millionth of a tick changes no rate", async () => {
      const { code, output } = await command("--verify", ...places.with(1, url));
      expect(code, output).to.equal(1);
      const interval = served.intervals[1]?.content.interval;
      expect(output).to.include(`✗ interval ${interval}: its samples do not have the digest that is served`);
      expect(output).to.include(`✗ interval ${interval}: batch 8 of epoch 7 carries another digest`);
      expect(output.match(/✓$/gm)).to.have.length(2);
    });
  });

  describe("is not deceived by", () => {
    const found = (lied: ServedFunding, onL1 = published) => allFaults(verifyFunding(onL1, lied)).join("\n");
    const change = (sample: FundingSample, market: Partial<FundingSample["markets"][number]>): FundingSample => ({
      ...sample,
      markets: sample.markets.map((old) => (old.market === 0 ? { ...old, ...market } : old)),
    });
    const samplesOf = (at: number) => served.intervals[at]?.content.samples as readonly FundingSample[];
    const withSample = (at: number, i: number, sample: Partial<FundingSample>) =>
      lieFrom(served, at, { samples: samplesOf(at).with(i, { ...(samplesOf(at)[i] as FundingSample), ...sample }) });

    it("a sample that is changed, left out or made up, with every hash and rate made to fit", () => {
      const higher = samplesOf(1).map((sample) => change(sample, { impactBidTicksQ20: 700_000 * 2 ** 20 }));
      for (const samples of [higher, samplesOf(1).slice(1), samplesOf(1).slice(0, -1), []]) {
        const faults = found(lieFrom(served, 1, { samples }));
        expect(faults).to.include("batch 8 of epoch 7 carries another digest");
        // The chain carries the lie on.
        expect(faults).to.include("batch 11 of epoch 10 carries another digest");
      }
      expect(found(lieFrom(served, 1, { samples: higher }))).to.match(
        /epoch 8 moved the index of market 0 by \d+, not \d+/,
      );
    });

    it("an index that is not the epoch's, a bound that is not the margin's, an epoch that was never opened", () => {
      const [sample] = samplesOf(1);
      const market = (fields: object) => withSample(1, 0, change(sample as FundingSample, fields));
      expect(found(market({ indexTicks: 600_000 }))).to.include("has another index in market 0 than epoch 3");
      expect(found(market({ premiumMaxPpm: 1 }))).to.include("has another bound of the premium in market 0");
      expect(found(withSample(1, 0, { epochNumber: 99 }))).to.include("names epoch 99, which was never opened");
      expect(found(withSample(1, 59, { epochNumber: 1 }))).to.include("goes back to epoch 1");
      const markets = sample?.markets.slice(1) ?? [];
      expect(found(withSample(1, 0, { markets }))).to.include("does not have the markets of its epoch");
    });

    it("times that are not the schedule's", () => {
      const [first, second] = samplesOf(1) as [FundingSample, FundingSample];
      expect(found(withSample(1, 1, { timeSeconds: first.timeSeconds }))).to.include("is not after the one before");
      const swapped = lieFrom(served, 1, { samples: [second, first, ...samplesOf(1).slice(2)] });
      expect(found(swapped)).to.include("is not after the one before");
      expect(found(withSample(1, 0, { timeSeconds: first.timeSeconds - 1 }))).to.include("is not in the interval");
      const schedule = { ...served.schedule, slotSeconds: 10 };
      expect(found(lieFrom(served, 1, { schedule }))).to.include("it was measured on another schedule");
    });

    it("terms that are not the epoch's, and it tells of those that only the exchange decides", () => {
      const { terms = [], epochNumber = 0 } = served.intervals[1]?.content ?? {};
      const rate = terms.map((market) => ({ ...market, rateMax8hPpm: 1 }));
      expect(found(lieFrom(served, 1, { terms: rate }))).to.include("it has another bound of the rate in market 0");
      expect(found(lieFrom(served, 1, { terms: [] }))).to.include("the markets of the epoch that sealed it");
      expect(found(lieFrom(served, 1, { epochNumber: 99 }))).to.include("sealed in epoch 99, which was never opened");
      expect(found(lieFrom(served, 1, { epochNumber: epochNumber - 2 }))).to.include("before its last sample");
      const interest = terms.map((market) => ({ ...market, interest8hPpm: 50 }));
      expect(verifyFunding(published, lieFrom(served, 1, { terms: interest })).notes).to.have.length(2);
    });

    it("rates or lists that the samples do not give", () => {
      const [first, second, third] = served.intervals as [ServedInterval, ServedInterval, ServedInterval];
      const with2 = (interval: ServedInterval) => ({ ...served, intervals: [first, interval, third] });
      const [btc, ...rest] = second.funding as [ServedInterval["funding"][number], ...ServedInterval["funding"]];
      const other = "its samples lead to other rates than are served with them";
      for (const funding of [
        [{ ...btc, rate8hPpm: 0 }, ...rest],
        [{ ...btc, premiumPpm: 0 }, ...rest],
        [{ ...btc, mediansPpm: btc.mediansPpm.with(3, 1) }, ...rest],
        rest,
      ]) {
        expect(found(with2({ ...second, funding }))).to.equal(other);
      }
      const listed = second.rates.get(0);
      if (listed === undefined) throw new Error("BTC-USD is not listed");
      for (const lied of [{ rate8hPpm: 0 }, { mediansPpm: [] }, { digest: "0x1" }]) {
        const rates = new Map(second.rates).set(0, { ...listed, ...lied });
        expect(found(with2({ ...second, rates }))).to.equal("market 0's list says otherwise");
      }
      const rates = new Map(second.rates);
      rates.delete(0);
      expect(found(with2({ ...second, rates }))).to.equal("market 0's list says otherwise");
    });

    it("intervals that are withheld, and a beginning that is made up", () => {
      const [first, second, third] = served.intervals as [ServedInterval, ServedInterval, ServedInterval];
      const only = (...intervals: ServedInterval[]) => found({ ...served, intervals });
      expect(only(first, third)).to.include("it does not continue the hash chain").and.include("it follows interval");
      expect(only(first, third)).to.match(/batch 8 of epoch 7 rests on interval \d+, which is not served/);
      expect(only(first, second)).to.match(/epoch 12 charges interval \d+, which is not served/);
      expect(only()).to.match(/batch 5 of epoch 4 rests on interval \d+, which is not served/);
      const begun = lie(second, {}, 0n);
      expect(only(begun, lie(third, {}, begun.digest))).to.include("the hash chain begins with interval");
      expect(only(lie(first, {}, 5n), second, third)).to.include("it does not continue the hash chain");
    });

    it("what is on L1: other digests, other indices", () => {
      const batches = (at: number, fundingDigest: bigint) => ({
        ...published,
        batches: published.batches.with(at, { ...published.batches[at]!, fundingDigest }),
      });
      expect(found(served, batches(0, 1n))).to.equal("batch 1 of epoch 1 has a digest before anything was measured");
      const early = served.intervals[0]?.digest ?? 0n;
      expect(found(served, batches(7, early))).to.equal("batch 8 of epoch 7 carries another digest");
      for (const at of [1, 5]) {
        const epoch = published.epochs[at]!;
        const markets = epoch.markets.map((market, i) =>
          i === 2 ? { ...market, fundingIndexPicoUsd: market.fundingIndexPicoUsd + 1n } : market,
        );
        const faults = found(served, { ...published, epochs: published.epochs.with(at, { ...epoch, markets }) });
        expect(faults).to.match(
          new RegExp(`epoch ${at + 1} moved the index of market 2 by \\d+, not \\d+ pico-USD a lot`),
        );
      }
      const liveMarkets = [0, 1, 2, 3];
      const slower = { ...published, terms: new Map([[1, { rateMaxPpmPerHour: 1, liveMarkets }]]) };
      expect(found(served, slower)).to.include("epoch 5 moved the index of market 0");
    });
  });

  it("counts, and does not blame, what is too old to be served", () => {
    const verdict = verifyFunding(published, { ...served, intervals: served.intervals.slice(1) });
    expect(allFaults(verdict)).to.deep.equal([]);
    expect(verdict.uncheckedBatches).to.equal(7);
    expect(verdict.uncheckedEpochs).to.equal(6);
    expect(verdict.intervals.map(({ epochs }) => epochs)).to.deep.equal([
      [8, 9, 10],
      [11, 12],
    ]);
  });

  it("expects no funding of a market from the epoch on in which it closes", async () => {
    await run.retire(1);
    for (let second = 231; second <= 260; second++) {
      run.sample(second);
      if (second % 20 === 0) await run.epoch(second);
    }
    const { provider, deployment } = run.chain;
    const after = await readPublishedFunding(provider, deployment.exchange, deployment.firstBlock);
    const indexIn = (number: number) => after.epochs[number - 1]?.markets[1]?.fundingIndexPicoUsd;
    const ending = after.epochs.slice(12).map(({ markets }) => markets[1]);
    expect(ending.map((market) => [market?.retired, market?.positionCapLots])).to.deep.equal([
      [false, 0n],
      [true, 0n],
    ]);
    expect([indexIn(13), indexIn(14)]).to.deep.equal([indexIn(12), indexIn(12)]);
    expect(indexIn(12)).to.not.equal(indexIn(11));
    const { code, output } = await command("--verify", ...places);
    expect(code, output).to.equal(0);
    // It is the version that says so: a live market with the same caps is charged.
    const live = new Map(after.terms).set(2, { ...after.terms.get(2)!, liveMarkets: [0, 1, 2, 3] });
    const charged = allFaults(verifyFunding({ ...after, terms: live }, await readServedFunding(run.apiUrl)));
    expect(charged.join("\n")).to.match(/epoch 13 moved the index of market 1 by 0, not \d+ pico-USD a lot/);
    const moved = after.epochs.map((epoch) => ({
      ...epoch,
      markets: epoch.markets.map((market, i) =>
        epoch.number >= 13 && i === 1 ? { ...market, fundingIndexPicoUsd: market.fundingIndexPicoUsd + 1n } : market,
      ),
    }));
    const faults = allFaults(verifyFunding({ ...after, epochs: moved }, await readServedFunding(run.apiUrl)));
    expect(faults).to.deep.equal(["epoch 13 moved the index of market 1 by 1, not 0 pico-USD a lot"]);
  });

  it("notices an operator who opens an epoch with funding that the samples do not give", async () => {
    for (let second = 261; second <= 280; second++) run.sample(second);
    run.extraDeltaPicoUsd = 1n;
    await run.epoch(280);
    const { code, output } = await command("--verify", ...places);
    expect(code, output).to.equal(1);
    expect(output).to.match(/✗ interval \d+: epoch 15 moved the index of market 0 by (\d+), not (\d+) pico-USD a lot/);
    expect(output).to.include("✗ 1 mismatches.");
  });
});
