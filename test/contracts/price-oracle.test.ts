import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { TypedDataEncoder, Wallet, ZeroAddress } from "ethers";
import { abiHash } from "../../matcher/protocol/abi-hash.ts";
import { blockTimeSeconds, ethers, mined, setNextBlockTime } from "./chain.ts";
import { type RoundTerms, SEED_PRICES_TICKS, signedRound } from "./epochs.ts";
import { deployWorld, type OracleContract, useWorld, type World } from "./exchange-world.ts";
import { ORACLE_MAX_AGE_SECONDS, oracleSetup } from "./oracle-setup.ts";

const PRICES = SEED_PRICES_TICKS;

async function terms(w: World, changes: Partial<RoundTerms> = {}): Promise<RoundTerms> {
  return { number: 1, timeSeconds: await blockTimeSeconds(), prices: [PRICES], signers: [w.reporter], ...changes };
}

function hashOf(number: number, timeSeconds: number, prices: readonly number[]): string {
  return abiHash([number, timeSeconds, ...prices].map(BigInt));
}

describe("PriceOracle", () => {
  const world = useWorld(() => deployWorld());

  it("stores a signed round under the hash of its content", async () => {
    const w = world();
    const round = await terms(w);
    const sent = w.oracle.submitRound(await signedRound(w, round));
    const roundHash = hashOf(1, round.timeSeconds, PRICES);
    await expect(sent).to.emit(w.oracle, "RoundVerified").withArgs(1n, roundHash, round.timeSeconds, PRICES);
    expect(await w.oracle.isVerified(roundHash)).to.equal(true);
    expect((await w.oracle.latestRound()).toArray()).to.deep.equal([1n, BigInt(round.timeSeconds)]);
  });

  it("asks for the signature that EIP-712 says", async () => {
    const w = world();
    const domain = {
      name: "Clearbook PriceOracle",
      version: "1",
      chainId: w.chainId,
      verifyingContract: await w.oracle.getAddress(),
    };
    const types = {
      Report: [
        { name: "round", type: "uint64" },
        { name: "timeSeconds", type: "uint32" },
        { name: "pricesTicks", type: "uint32[8]" },
      ],
    };
    const message = { round: 9, timeSeconds: 1234, pricesTicks: PRICES };
    expect(await w.oracle.reportDigest(9, 1234, PRICES)).to.equal(TypedDataEncoder.hash(domain, types, message));
  });

  it("changes nothing when the same round comes again, as after a reorganisation", async () => {
    const w = world();
    const first = await terms(w);
    const submission = await signedRound(w, first);
    await mined(w.oracle.submitRound(submission));
    const second = { ...first, number: 2, timeSeconds: first.timeSeconds + 5 };
    await setNextBlockTime(second.timeSeconds);
    await mined(w.oracle.submitRound(await signedRound(w, second)));
    const sent = w.oracle.submitRound(submission);
    await expect(sent).to.not.emit(w.oracle, "RoundVerified");
    expect((await w.oracle.latestRound()).number).to.equal(2n);
  });

  it("takes the same reports after a reorganisation took them away", async () => {
    const w = world();
    const submission = await signedRound(w, await terms(w));
    const snapshot = await ethers.provider.send("evm_snapshot", []);
    await mined(w.oracle.submitRound(submission));
    await ethers.provider.send("evm_revert", [snapshot]);
    expect((await w.oracle.latestRound()).number).to.equal(0n);
    await mined(w.oracle.submitRound(submission));
    expect((await w.oracle.latestRound()).number).to.equal(1n);
  });

  it("refuses a number or a time that does not increase", async () => {
    const w = world();
    const first = await terms(w, { number: 5 });
    await mined(w.oracle.submitRound(await signedRound(w, first)));
    const later = first.timeSeconds + 10;
    for (const number of [5, 4]) {
      await setNextBlockTime(later);
      await expect(w.oracle.submitRound(await signedRound(w, { ...first, number, timeSeconds: later })))
        .to.be.revertedWithCustomError(w.oracle, "RoundNumberNotIncreasing")
        .withArgs(5n, number);
    }
    for (const timeSeconds of [first.timeSeconds, first.timeSeconds - 1]) {
      await expect(w.oracle.submitRound(await signedRound(w, { ...first, number: 6, timeSeconds })))
        .to.be.revertedWithCustomError(w.oracle, "RoundTimeNotIncreasing")
        .withArgs(first.timeSeconds, timeSeconds);
    }
  });

  it("bounds the age of a round by the block's time, to the second", async () => {
    const w = world();
    const now = (await blockTimeSeconds()) + 1000;
    const oldest = now - ORACLE_MAX_AGE_SECONDS;
    await setNextBlockTime(now);
    await expect(w.oracle.submitRound(await signedRound(w, await terms(w, { timeSeconds: oldest - 1 }))))
      .to.be.revertedWithCustomError(w.oracle, "RoundTooOld")
      .withArgs(oldest - 1, now, ORACLE_MAX_AGE_SECONDS);
    await setNextBlockTime(now);
    await expect(w.oracle.submitRound(await signedRound(w, await terms(w, { timeSeconds: now + 1 }))))
      .to.be.revertedWithCustomError(w.oracle, "RoundFromTheFuture")
      .withArgs(now + 1, now);
    await setNextBlockTime(now);
    await mined(w.oracle.submitRound(await signedRound(w, await terms(w, { timeSeconds: oldest }))));
    await setNextBlockTime(now + 1);
    await mined(w.oracle.submitRound(await signedRound(w, await terms(w, { number: 2, timeSeconds: now + 1 }))));
  });

  it("refuses a report of nobody it knows", async () => {
    const w = world();
    await expect(w.oracle.submitRound(await signedRound(w, await terms(w, { signers: [w.stranger] }))))
      .to.be.revertedWithCustomError(w.oracle, "UnknownSigner")
      .withArgs(0n, w.stranger.address);
  });

  it("refuses a report signed for another oracle, chain, name or version", async () => {
    const w = world();
    const round = await terms(w);
    const changes = [{ verifyingContract: w.address }, { chainId: 1 }, { name: "Clearbook" }, { version: "2" }];
    for (const change of changes) {
      await expect(w.oracle.submitRound(await signedRound(w, round, change))).to.be.revertedWithCustomError(
        w.oracle,
        "UnknownSigner",
      );
    }
  });

  it("refuses a report with a changed price, number or time", async () => {
    const w = world();
    const round = await signedRound(w, await terms(w));
    const [report] = round.reports;
    if (report === undefined) throw new Error("no report");
    const pricesTicks = [...PRICES];
    pricesTicks[0] = 1;
    for (const tampered of [
      { ...round, reports: [{ ...report, pricesTicks }] },
      { ...round, number: 2 },
      { ...round, timeSeconds: round.timeSeconds - 1 },
      { ...round, reports: [{ ...report, signature: "0x" }] },
      { ...round, reports: [{ ...report, signature: `0x${"00".repeat(65)}` }] },
    ]) {
      await expect(w.oracle.submitRound(tampered)).to.be.revertedWithCustomError(w.oracle, "UnknownSigner");
    }
  });

  describe("with two of three signers", () => {
    let signers: HardhatEthersSigner[];
    beforeEach(async () => {
      const w = world();
      signers = [w.alice, w.bob, w.reporter].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
      await mined(
        w.oracle.setSigners(
          signers.map(({ address }) => address),
          2,
        ),
      );
    });

    const rounds = (factors: number[]) => factors.map((factor) => PRICES.map((price) => price * factor));

    async function medianOf(w: World, factors: number[]): Promise<boolean> {
      const round = await terms(w, { prices: rounds(factors), signers: signers.slice(0, factors.length) });
      const [roundHash] = await w.oracle.submitRound.staticCall(await signedRound(w, round));
      const sorted = [...factors].sort((a, b) => a - b);
      const median = sorted[(sorted.length - 1) >> 1] ?? 0;
      return (
        roundHash ===
        hashOf(
          1,
          round.timeSeconds,
          PRICES.map((price) => price * median),
        )
      );
    }

    it("takes the median per market, whatever the order and one liar says", async () => {
      const w = world();
      for (const factors of [
        [1, 2, 3],
        [3, 1, 2],
        [2, 3, 1],
        [2, 2, 1000],
        [0, 2, 2],
        [5, 5, 5],
      ]) {
        expect(await medianOf(w, factors), factors.join()).to.equal(true);
      }
    });

    it("takes the lower one of two", async () => {
      const w = world();
      expect(await medianOf(w, [4, 3])).to.equal(true);
      expect(await medianOf(w, [3, 4])).to.equal(true);
    });

    it("does not count a signer without a price: silence moves none", async () => {
      const w = world();
      const silent = new Array(8).fill(0);
      const low = PRICES.map((price) => 2 * price);
      const high = PRICES.map((price) => 3 * price);
      for (const prices of [
        [silent, high, low],
        [high, silent, low],
        [low, high, silent],
      ]) {
        const round = await terms(w, { prices, signers });
        const [roundHash] = await w.oracle.submitRound.staticCall(await signedRound(w, round));
        expect(roundHash).to.equal(hashOf(1, round.timeSeconds, low));
      }
    });

    it("has no median of a market for which fewer than the threshold have a price, and goes on with the others", async () => {
      const w = world();
      const round = await terms(w, {
        prices: [
          [10, 20, 0, 0, 0, 5, 0, 8],
          [12, 0, 30, 0, 0, 6, 0, 0],
          [11, 0, 0, 40, 0, 7, 9, 9],
        ],
        signers,
      });
      await mined(w.oracle.submitRound(await signedRound(w, round)));
      const medians = [11, 0, 0, 0, 0, 6, 0, 8];
      expect(await w.oracle.isVerified(hashOf(1, round.timeSeconds, medians))).to.equal(true);
      const { pricesTicks, timesSeconds } = await w.oracle.prices();
      expect(pricesTicks.map(Number)).to.deep.equal(medians);
      expect(timesSeconds.map(Number)).to.deep.equal(medians.map((price) => (price === 0 ? 0 : round.timeSeconds)));
    });

    it("refuses other reports under the number of a round that is known", async () => {
      const w = world();
      const round = await terms(w, { prices: rounds([1, 2, 3]), signers });
      await mined(w.oracle.submitRound(await signedRound(w, round)));
      const other = await signedRound(w, { ...round, prices: rounds([1, 2]), signers: signers.slice(0, 2) });
      await expect(w.oracle.submitRound(other))
        .to.be.revertedWithCustomError(w.oracle, "RoundNumberNotIncreasing")
        .withArgs(1n, 1n);
      // Another quorum with the same medians is the same round.
      const same = await signedRound(w, { ...round, prices: rounds([2, 3]), signers: signers.slice(1) });
      await expect(w.oracle.submitRound(same)).to.not.emit(w.oracle, "RoundVerified");
    });

    it("takes each market's median by itself", async () => {
      const w = world();
      const prices = [
        [1, 20, 300, 4, 5, 6, 7, 8],
        [10, 2, 30, 4, 5, 6, 7, 9],
        [100, 200, 3, 4, 5, 6, 7, 7],
      ];
      const round = await terms(w, { prices, signers });
      await mined(w.oracle.submitRound(await signedRound(w, round)));
      expect(await w.oracle.isVerified(hashOf(1, round.timeSeconds, [10, 20, 30, 4, 5, 6, 7, 8]))).to.equal(true);
    });

    it("refuses one report, and one signer twice", async () => {
      const w = world();
      const [first] = signers;
      if (first === undefined) throw new Error("no signer");
      await expect(w.oracle.submitRound(await signedRound(w, await terms(w, { signers: [first] }))))
        .to.be.revertedWithCustomError(w.oracle, "TooFewReports")
        .withArgs(2n, 1n);
      const twice = await terms(w, { prices: [PRICES, PRICES], signers: [first, first] });
      await expect(w.oracle.submitRound(await signedRound(w, twice)))
        .to.be.revertedWithCustomError(w.oracle, "SignersNotIncreasing")
        .withArgs(1n, first.address, first.address);
    });

    it("refuses reports in another order than their signers'", async () => {
      const w = world();
      const submission = await signedRound(w, await terms(w, { prices: rounds([1, 1]), signers: signers.slice(0, 2) }));
      submission.reports.reverse();
      await expect(w.oracle.submitRound(submission))
        .to.be.revertedWithCustomError(w.oracle, "SignersNotIncreasing")
        .withArgs(1n, signers[1]?.address, signers[0]?.address);
    });

    it("forgets signers that were replaced", async () => {
      const w = world();
      await mined(w.oracle.setSigners([w.stranger.address], 1));
      await expect(
        w.oracle.submitRound(await signedRound(w, await terms(w, { prices: rounds([1, 1, 1]), signers }))),
      ).to.be.revertedWithCustomError(w.oracle, "UnknownSigner");
      await mined(w.oracle.submitRound(await signedRound(w, await terms(w, { signers: [w.stranger] }))));
      expect([...(await w.oracle.signers())]).to.deep.equal([w.stranger.address]);
    });
  });

  describe("set-up", () => {
    it("refuses sets of signers that cannot work", async () => {
      const w = world();
      const many = Array.from({ length: 32 }, () => Wallet.createRandom().address).sort((a, b) =>
        BigInt(a) < BigInt(b) ? -1 : 1,
      );
      const sets: [string[], number][] = [
        [[], 0],
        [[w.alice.address], 0],
        [[w.alice.address], 2],
        [[`0x${"0".repeat(40)}`], 1],
        [[w.alice.address, w.alice.address], 1],
        [many, 1],
        [[...many.slice(0, 2)].reverse(), 1],
      ];
      for (const [signers, threshold] of sets) {
        await expect(w.oracle.setSigners(signers, threshold))
          .to.be.revertedWithCustomError(w.oracle, "InvalidSignerSet")
          .withArgs(BigInt(signers.length), BigInt(threshold));
      }
      await mined(w.oracle.setSigners(many.slice(0, 31), 16));
      expect(await w.oracle.threshold()).to.equal(16n);
    });

    it("lets nobody without a role change the signers", async () => {
      const w = world();
      const oracle = w.oracle.connect(w.stranger) as OracleContract;
      await expect(oracle.setSigners([w.stranger.address], 1))
        .to.be.revertedWithCustomError(w.oracle, "NotAuthorized")
        .withArgs(w.stranger.address, 0n);
    });

    it("refuses to be without a registry", async () => {
      const w = world();
      await expect(
        ethers.deployContract("PriceOracle", [oracleSetup(await w.oracle.authority(), ZeroAddress, [w.alice.address])]),
      ).to.be.revertedWithCustomError(w.oracle, "ZeroAddress");
      expect(await w.oracle.registry()).to.equal(await w.registry.getAddress());
    });

    it("refuses an age bound of zero", async () => {
      const w = world();
      const setup = oracleSetup(await w.oracle.authority(), w.address, [w.alice.address], { maxRoundAgeSeconds: 0 });
      await expect(ethers.deployContract("PriceOracle", [setup]))
        .to.be.revertedWithCustomError(w.oracle, "InvalidMaxAge")
        .withArgs(0n);
      expect(await w.oracle.maxRoundAgeSeconds()).to.equal(BigInt(ORACLE_MAX_AGE_SECONDS));
    });
  });
});
