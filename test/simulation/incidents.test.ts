import { expect } from "chai";
import { Xorshift } from "../fixtures/xorshift.ts";
import { Drill, PICO_PER_USD, Reckoning } from "./drill.ts";

const BTC = 0;
const ETH = 1;
const SOL = 2;
const DOGE = 3;
const SEEDS = [1, 2, 3];
/** Lots of one unit of the base asset. */
const LOTS = { [BTC]: 100_000, [ETH]: 10_000, [SOL]: 1_000, [DOGE]: 10 } as const;
const USD = { [BTC]: 65_000, [ETH]: 3_000, [SOL]: 150, [DOGE]: 0.15 } as const;
const lots = (market: keyof typeof LOTS, base: number) => Math.round(base * LOTS[market]);
const price = (market: keyof typeof USD, factor: number) => {
  const decimals = { [BTC]: 1, [ETH]: 2, [SOL]: 3, [DOGE]: 5 }[market];
  return (USD[market] * factor).toFixed(decimals);
};

/** The order in which losses fall: whoever is bankrupt loses all, then the fund within its cap, then counterparties; nobody else. */
function expectLossesInOrder(drill: Drill, reckoning: Reckoning, capUsd: bigint): void {
  const liquidated = new Set(drill.of("liquidated").map(({ account }) => account));
  const deleveraged = drill.of("deleveraged");
  for (const { account, role } of deleveraged) if (role === "liquidated") liquidated.add(account);
  const counterparties = new Map<number, bigint>();
  for (const { account, role, receivedPicoUsd } of deleveraged) {
    if (role === "counterparty") counterparties.set(account, (counterparties.get(account) ?? 0n) - receivedPicoUsd);
  }
  const makers = new Set(
    drill.of("fill").flatMap(({ liquidation, makerAccount }) => (liquidation ? [makerAccount] : [])),
  );
  let unpaid = 0n;
  for (const account of drill.accounts()) {
    const gain = reckoning.gainPicoUsd(account);
    const gave = counterparties.get(account);
    if (gave !== undefined && !makers.has(account)) {
      expect(gain, `account ${account} gives what deleveraging took and no more`).to.equal(-gave);
      unpaid += gave;
    } else if (!liquidated.has(account) && !makers.has(account)) {
      expect(gain, `account ${account} had no part in it`).to.equal(0n);
    }
    const { valuePicoUsd, maintenancePicoUsd } = drill.state.ledger.marginOf(account);
    if (liquidated.has(account) && maintenancePicoUsd === 0n) {
      expect(valuePicoUsd >= 0n, `account ${account} does not stay in debt`).to.equal(true);
    }
  }
  const { spentPicoUsd, capPicoUsd, fundPicoUsd } = drill.state.ledger.insuranceLeft();
  expect(capPicoUsd).to.equal(capUsd * PICO_PER_USD);
  expect(spentPicoUsd <= capPicoUsd && fundPicoUsd >= 0n, "the fund pays within its cap and what it has").to.equal(
    true,
  );
  // A counterparty pays only after the fund paid all that it could.
  if (unpaid > 0n) expect(spentPicoUsd === capPicoUsd || fundPicoUsd === 0n, "the fund came first").to.equal(true);
}

describe("incidents", function () {
  this.timeout(240_000);

  describe("a thin market is pumped, with both sides in one hand", () => {
    for (const seed of SEEDS) {
      it(`costs the attacker's own accounts, then the fund's cap, and nobody in another market (seed ${seed})`, async () => {
        const random = new Xorshift(seed);
        const drill = await Drill.start({ fundUsd: 50_000n, liquidation: { insuranceCapMicroUsd: 20_000_000_000n } });
        const [attackerLong, attackerShort, honestA, honestB] = drill.traders([400_000n, 400_000n, 100_000n, 100_000n]);
        drill.trade(honestA as number, honestB as number, BTC, price(BTC, 1), lots(BTC, 1));
        drill.trade(attackerLong as number, attackerShort as number, DOGE, price(DOGE, 1), lots(DOGE, 20_000_000));
        const reckoning = new Reckoning(drill);
        const factor = 1.2 + random.below(60) / 100;
        drill.epoch({ [DOGE]: price(DOGE, factor) });
        expectLossesInOrder(drill, reckoning, 20_000n);
        expect(reckoning.fundPaidPicoUsd <= 20_000n * PICO_PER_USD).to.equal(true);
        // What the long has won beyond the short's money and the fund's cap does not exist, so it cannot leave.
        const equity = drill.equityPicoUsd(attackerLong as number) + drill.equityPicoUsd(attackerShort as number);
        expect(equity <= 820_000n * PICO_PER_USD).to.equal(true);
        for (const account of [honestA, honestB]) expect(reckoning.gainPicoUsd(account as number)).to.equal(0n);
        expect(drill.openInterestLots(BTC)).to.equal(BigInt(2 * lots(BTC, 1)));
      });
    }

    it("stays inside accounts of its own when the market is isolated-only", async () => {
      const drill = await Drill.start({ fundUsd: 0n });
      const [a, b] = drill.traders([100_000n, 100_000n]) as [number, number];
      drill.epoch({}, { [DOGE]: { isolatedOnly: true } });
      drill.trade(a, b, BTC, price(BTC, 1), lots(BTC, 0.1));
      expect(drill.order(a, DOGE, "buy", price(DOGE, 1), lots(DOGE, 1_000))).to.not.equal("accepted");
      const [c, d] = drill.traders([10_000n, 10_000n]) as [number, number];
      drill.trade(c, d, DOGE, price(DOGE, 1), lots(DOGE, 500_000));
      expect(drill.order(c, BTC, "buy", price(BTC, 1), lots(BTC, 0.01))).to.not.equal("accepted");
      const reckoning = new Reckoning(drill);
      drill.epoch({ [DOGE]: price(DOGE, 2) });
      expectLossesInOrder(drill, reckoning, 1_000_000n);
      for (const account of [a, b]) expect(reckoning.gainPicoUsd(account)).to.equal(0n);
      // The short's 10,000 USD are all that the long can win.
      expect(drill.equityPicoUsd(c) <= 20_000n * PICO_PER_USD).to.equal(true);
    });
  });

  it("an outlier is held back: nothing is liquidated, nothing grows, nobody pays out at the old price, and all of it goes on with a fresh one", async () => {
    const drill = await Drill.start({ fundUsd: 10_000n });
    const [a, b, flat] = drill.traders([10_000n, 10_000n, 10_000n]) as [number, number, number];
    drill.trade(a, b, ETH, price(ETH, 1), lots(ETH, 40));
    // The oracle refuses a thousandfold price: the last one stands, the market is restricted.
    drill.epoch({}, { [ETH]: { restricted: true, grossOpenInterestCapLots: 0n } });
    expect(drill.of("liquidated")).to.deep.equal([]);
    expect(drill.order(a, ETH, "buy", price(ETH, 1), lots(ETH, 1))).to.not.equal("accepted");
    expect(drill.withdraw(a, 1n)).to.not.equal("accepted");
    expect(drill.withdraw(flat, 1_000_000n)).to.equal("accepted");
    // Both may reduce; another market trades as ever.
    drill.trade(b, a, ETH, price(ETH, 1), lots(ETH, 10));
    drill.trade(flat, b, BTC, price(BTC, 1), lots(BTC, 0.01));
    // The price comes back in its bounds, lower: now the long is liquidated, once somebody buys.
    const reckoning = new Reckoning(drill);
    drill.epoch({ [ETH]: price(ETH, 0.91) }, { [ETH]: { restricted: false, grossOpenInterestCapLots: 800_000_000n } });
    expect(drill.of("liquidated")).to.deep.equal([]);
    expect(drill.order(flat, ETH, "buy", price(ETH, 0.905), lots(ETH, 30))).to.equal("accepted");
    drill.sweep();
    expect(drill.of("liquidated").map(({ account, market }) => [account, market])).to.deep.equal([[a, ETH]]);
    expectLossesInOrder(drill, reckoning, 1_000_000n);
  });

  describe("a whale withdraws its profit and lets itself be liquidated", () => {
    for (const seed of SEEDS) {
      it(`leaves initial margin behind, and the fund pays within its cap (seed ${seed})`, async () => {
        const random = new Xorshift(seed);
        const drill = await Drill.start({ fundUsd: 100_000n, liquidation: { insuranceCapMicroUsd: 4_000_000_000n } });
        const [whale, other, maker] = drill.traders([1_000_000n, 2_000_000n, 2_000_000n]) as [number, number, number];
        for (let i = 0; i < 3; i++) drill.trade(whale, other, ETH, price(ETH, 1), lots(ETH, 1_000));
        drill.epoch({ [ETH]: price(ETH, 1.1) });
        // Everything above initial margin leaves, not a micro-USD more.
        const { valuePicoUsd, initialPicoUsd } = drill.state.ledger.marginOf(whale);
        const free = (valuePicoUsd - initialPicoUsd) / 1_000_000n;
        expect(drill.withdraw(whale, free + 1n)).to.equal("INSUFFICIENT_INITIAL_MARGIN");
        expect(drill.withdraw(whale, free)).to.equal("accepted");
        const left = drill.equityPicoUsd(whale);
        expect(left >= initialPicoUsd).to.equal(true);
        drill.order(maker, ETH, "buy", price(ETH, 1.02), lots(ETH, 500));
        const reckoning = new Reckoning(drill);
        drill.epoch({ [ETH]: price(ETH, 1.02 + random.below(3) / 100) });
        expectLossesInOrder(drill, reckoning, 4_000n);
        expect(reckoning.fundPaidPicoUsd <= 4_000n * PICO_PER_USD).to.equal(true);
      });
    }
  });

  describe("the whole open interest is liquidated at once", () => {
    for (const seed of SEEDS) {
      it(`with nobody in the book: longs close against shorts, and the sum stays (seed ${seed})`, async () => {
        const random = new Xorshift(seed);
        const drill = await Drill.start({ fundUsd: 5_000n });
        const longs = drill.traders(Array.from({ length: 24 }, () => BigInt(random.between(900, 1_400))));
        const shorts = drill.traders([60_000n, 40_000n, 90_000n]);
        for (const long of longs) {
          const size = random.between(3, 5);
          drill.trade(long, random.pick(shorts), ETH, price(ETH, 1), lots(ETH, size));
        }
        const reckoning = new Reckoning(drill);
        drill.epoch({ [ETH]: price(ETH, 0.55) });
        expect(drill.openInterestLots(ETH)).to.equal(0n);
        expectLossesInOrder(drill, reckoning, 1_000_000n);
        expect(drill.of("deleveraged").length).to.be.at.least(2 * longs.length);
        expect(drill.fundPicoUsd).to.equal(0n);
        drill.cut();
        expect(drill.traces.flatMap(({ liquidations }) => liquidations).length).to.be.at.least(longs.length);
      });
    }
  });

  describe("prices gap through bankruptcy in all four markets", () => {
    for (const seed of SEEDS) {
      it(`and losses fall on the accounts, the fund's cap, deleveraging, in that order (seed ${seed})`, async () => {
        const random = new Xorshift(seed);
        const capUsd = BigInt(random.between(1, 30)) * 1_000n;
        const drill = await Drill.start({
          fundUsd: 40_000n,
          liquidation: { insuranceCapMicroUsd: capUsd * 1_000_000n },
        });
        const crowd = drill.traders(Array.from({ length: 12 }, () => BigInt(random.between(20_000, 60_000))));
        const markets = [BTC, ETH, SOL, DOGE] as const;
        for (let i = 0; i < 60; i++) {
          const market = random.pick(markets);
          const [buyer, seller] = [random.pick(crowd), random.pick(crowd)];
          if (buyer === seller) continue;
          const size = lots(market, random.between(5_000, 60_000) / USD[market]);
          const at = price(market, 1);
          if (drill.order(seller, market, "sell", at, size) === "accepted") drill.order(buyer, market, "buy", at, size);
        }
        // Bids and asks of the crowd stand in the way of some of it.
        for (const account of crowd) {
          const market = random.pick(markets);
          drill.order(
            account,
            market,
            random.pick(["buy", "sell"]),
            price(market, random.pick([0.96, 1.04])),
            lots(market, 5_000 / USD[market]),
          );
        }
        const reckoning = new Reckoning(drill);
        const gap = () => (random.once(2) ? 0.5 + random.below(20) / 100 : 1.3 + random.below(50) / 100);
        drill.epoch(Object.fromEntries(markets.map((market) => [market, price(market, gap())])));
        expectLossesInOrder(drill, reckoning, capUsd);
        expect(drill.of("deleveraged").length).to.be.greaterThan(0);
        // Nobody who could be closed is left below zero.
        for (const account of drill.accounts()) {
          expect(drill.equityPicoUsd(account) >= 0n, `account ${account}`).to.equal(true);
        }
        drill.epoch({});
        drill.cut();
      });
    }
  });
});
