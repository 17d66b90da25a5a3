import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Wallet } from "ethers";
import { PriceFeed, type PriceFeedOptions } from "../../matcher/oracle/price-feed.ts";
import type { PriceSource } from "../../matcher/oracle/price-source.ts";
import { ReportEndpoint } from "../../matcher/oracle/report-endpoint.ts";
import { RoundCollector } from "../../matcher/oracle/round-collector.ts";
import { MINUTE_FUNDING } from "../../matcher/protocol/funding-schedule.ts";
import type { ReportedRound } from "../../matcher/protocol/price-report.ts";
import { devnetKeys, ORACLE_ROLES, writeKeys } from "../../scripts/devnet/wallets.ts";
import { Child } from "../../scripts/supervisor/child.ts";
import { eventually } from "../chain/test-chain.ts";

const context = { chainId: 31337, oracle: "0x5FbDB2315678afecb367f032d93F642f64180aa3" };
const keys = devnetKeys();
const wallets = ORACLE_ROLES.map((role) => new Wallet(keys[role]));

describe("Price feeds of three signers", function () {
  this.timeout(60_000);
  let collector: RoundCollector;
  let endpoint: ReportEndpoint;
  let url: string;
  let rounds: ReportedRound[];
  const running: { stop(): unknown }[] = [];

  beforeEach(async () => {
    rounds = [];
    const onRound = (round: ReportedRound) => rounds.push(round);
    const signers = wallets.map(({ address }) => address);
    collector = new RoundCollector(context, { signers, threshold: 2 }, { graceMs: 300, onRound });
    endpoint = new ReportEndpoint(collector, onRound);
    url = `http://127.0.0.1:${await endpoint.listen(0)}`;
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((feed) => feed.stop()));
    collector.close();
    await endpoint.close();
  });

  const steady: PriceSource = {
    name: "steady",
    pricesAt: async (timeSeconds) => [{ priceTicks: 650_000, timeSeconds }],
  };
  const feedOf = (signer: number, options: Partial<PriceFeedOptions> = {}) => {
    const times = { periodSeconds: 2, maxAgeSeconds: 60 };
    const feed = new PriceFeed({
      context,
      signer: wallets[signer]!,
      source: steady,
      matcherUrl: url,
      ...times,
      ...options,
    });
    running.push(feed);
    return feed;
  };
  const at = (nowMs: number) => ({ nowMs: () => nowMs });

  it("meet in the round that their clocks' period began with, to the millisecond", async () => {
    await feedOf(0, at(1_800_000_002_000)).start();
    await feedOf(1, at(1_800_000_001_999)).start();
    expect(rounds, "one millisecond too early: the round before").to.deep.equal([]);
    await feedOf(2, at(1_800_000_003_999)).start();
    const [round] = await eventually("a round", () => (rounds.length > 0 ? rounds : undefined));
    expect(round).to.include({ number: 1_800_000_002, timeSeconds: 1_800_000_002 });
    expect(round?.reports).to.have.length(2);
  });

  it("lose no round to a clock that is a second slow or fast", async () => {
    for (const wrongMs of [-1_000, 1_000]) {
      rounds.splice(0);
      const feeds = [0, 0, wrongMs].map((offMs, signer) => feedOf(signer, { nowMs: () => Date.now() + offMs }));
      await Promise.all(feeds.map((feed) => feed.start()));
      await new Promise((wake) => setTimeout(wake, 6_000));
      for (const feed of feeds) feed.stop();
      const numbers = rounds.map(({ number }) => number);
      expect(numbers.length, `${wrongMs}: ${numbers}`).to.be.within(3, 4);
      expect(numbers).to.deep.equal(numbers.map((_, i) => (numbers[0] as number) + 2 * i));
    }
  });

  it("report nothing old or missing, and each trouble once", async () => {
    const troubles: string[] = [];
    const source: PriceSource = {
      name: "thin source",
      pricesAt: async (timeSeconds) => [
        { priceTicks: 650_000, timeSeconds: timeSeconds - 60 },
        { priceTicks: 300_000, timeSeconds: timeSeconds - 61 },
        { reason: "the exchange is closed" },
      ],
    };
    const onTrouble = (sentence: string) => troubles.push(sentence);
    for (const signer of [0, 1, 2]) {
      const feed = feedOf(signer, { source, periodSeconds: 1, onTrouble });
      await feed.start();
      await new Promise((wake) => setTimeout(wake, 1_200));
      feed.stop();
    }
    const { signers } = collector.board.status(0);
    expect(signers.every(({ round }) => round !== null)).to.equal(true);
    expect(troubles).to.have.length(6);
    expect(troubles.slice(0, 2)).to.deep.equal([
      "no price of market 1 from the thin source: the price is 61 s old, 60 s are allowed",
      "no price of market 2 from the thin source: the exchange is closed",
    ]);
  });

  it("ask a slow source once at a time, and say so", async () => {
    const troubles: string[] = [];
    let asked = 0;
    let answer: (prices: []) => void = () => {};
    const source: PriceSource = {
      name: "slow source",
      pricesAt: () => {
        asked++;
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    };
    // The first answer comes at once, the second does not.
    const feed = feedOf(0, { source, periodSeconds: 1, onTrouble: (sentence) => troubles.push(sentence) });
    const started = feed.start();
    answer([]);
    await started;
    await new Promise((wake) => setTimeout(wake, 3_200));
    expect(asked).to.equal(2);
    expect(troubles).to.deep.equal(["a report takes longer than a period, so rounds are left out"]);
    answer([]);
    await eventually("the next question", () => (asked === 3 ? true : undefined));
    answer([]);
  });

  it("are processes: without one all goes on, without two no round comes, and one that comes back is enough", async () => {
    const folder = mkdtempSync(join(tmpdir(), "clearbook-feeds-"));
    const [deployment, keysPath] = [join(folder, "deployment.json"), join(folder, "keys.json")];
    const { oracle } = context;
    const contracts = { exchange: oracle, registry: oracle, token: oracle, authority: oracle, operator: oracle };
    const places = { ...context, ...contracts, firstBlock: 1 };
    const terms = { rpcUrl: "http://127.0.0.1:9", fundingSchedule: MINUTE_FUNDING, verifiers: {} };
    writeFileSync(deployment, JSON.stringify({ ...places, ...terms, insecureDevKeys: true }));
    writeKeys(keysPath, keys);
    const startSeconds = `${Math.floor(Date.now() / 1_000)}`;
    const start = async (signer: number) => {
      const child = new Child({
        name: `price feed ${signer}`,
        script: "scripts/feed.ts",
        args: [
          ...["--matcher", url, "--deployment", deployment, "--keys", keysPath, "--period", "1"],
          ...["--signer", `${signer}`, "--seed", "5", "--start", startSeconds],
        ],
        onLine: () => {},
      });
      running.push(child);
      await child.message("ready");
      return child;
    };
    const roundsIn = async (waitMs: number) => {
      const before = rounds.length;
      await new Promise((wake) => setTimeout(wake, waitMs));
      return rounds.slice(before);
    };
    try {
      const [, second, third] = await Promise.all([1, 2, 3].map(start));
      const all = await eventually("a round of three", () => rounds.find(({ reports }) => reports.length === 3));
      const prices = all.reports.map(({ pricesTicks }) => pricesTicks[0] as number);
      expect(new Set(prices).size, "each signer sees the market in its own way").to.be.greaterThan(1);
      expect(Math.max(...prices) / Math.min(...prices)).to.be.lessThan(1.0003);
      third?.kill();
      await third?.ended;
      await roundsIn(1_000);
      const two = await roundsIn(3_000);
      expect(two.length).to.be.within(2, 4);
      for (const { reports, pricesTicks } of two) {
        expect(reports).to.have.length(2);
        expect(pricesTicks[0]).to.be.within(600_000, 700_000);
      }
      second?.kill();
      await second?.ended;
      await roundsIn(1_000);
      expect(await roundsIn(2_500)).to.deep.equal([]);
      await start(3);
      await eventually("a round of two", () => rounds.at(-1)?.number !== two.at(-1)?.number || undefined);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
