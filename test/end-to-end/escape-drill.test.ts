import { expect } from "chai";
import { Contract } from "ethers";
import { equityPicoUsd } from "../../matcher/escape/equity.ts";
import { EscapeRun, type EscapeStep } from "../../matcher/escape/escape-run.ts";
import { type EscapeTerms, escapeTerms } from "../../matcher/escape/escape-terms.ts";
import { leafProof } from "../../matcher/escape/leaf-proof.ts";
import { type EscapePayouts, escapePayouts } from "../../matcher/escape/payouts.ts";
import { ESCAPE_ABI } from "../../matcher/protocol/abi.ts";
import { INSURANCE_ACCOUNT, MARKETS, PICO_PER_MICRO } from "../../matcher/protocol/spec.ts";
import { type RebuiltState, rebuildState } from "../../matcher/rebuild/rebuild-state.ts";
import { leafFrom } from "../../matcher/state/account-record.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { ESCAPE_WINDOWS } from "../contracts/epoch-sources.ts";
import { DrillExchange, drillOwners, SEED_PRICES, shaken } from "../fixtures/drill-exchange.ts";
import { Xorshift } from "../fixtures/xorshift.ts";

const ACCOUNTS = 1_000;
const TRADES = 1_200;
const USD = 1_000_000n;
const NO_FUNDING = new Array<bigint>(MARKETS).fill(0n);
/** Enough for those who owe after a fall of prices, and not after a crash. */
const FUND_USD = 200_000n;
/** Deposits that no batch takes over: account and amount. */
const WAITING: readonly (readonly [number, bigint])[] = [
  [3, 17n * USD],
  [10, 1n * USD],
  [777, 5_000n * USD + 1n],
];

/** What the drill knows beside L1, to compare with what came out: made by the ledger, before the operator is gone. */
interface Model {
  readonly equityPicoUsd: ReadonlyMap<number, bigint>;
  readonly poolMicroUsd: bigint;
  readonly payouts: EscapePayouts;
}

describe("The drill: the operator is gone, and 1,000 accounts leave with what L1 says", function () {
  this.timeout(600_000);

  const random = new Xorshift(20_261);
  const owners = drillOwners(ACCOUNTS);
  const ownerOf = (account: number) => owners[account - 1] as string;
  const withdrawn = new Map<number, bigint>();
  let drill: DrillExchange;
  let lived: string;

  before(async () => {
    drill = await DrillExchange.start();
    await drill.register(owners);
    await drill.deposit(INSURANCE_ACCOUNT, FUND_USD * USD);
    // Every tenth has nothing at all.
    for (let account = 1; account <= ACCOUNTS; account++) {
      if (account % 10 !== 0) await drill.deposit(account, BigInt(random.between(100, 10_000)) * USD);
    }
    await drill.openEpoch(SEED_PRICES, NO_FUNDING);
    await drill.takeQueue();
    trade(TRADES);
    const next = shaken(random, SEED_PRICES, 30_000);
    await drill.openEpoch(
      next,
      next.map((price) => BigInt(price * random.between(-20, 20))),
    );
    trade(TRADES / 4);
    // Some of those who are flat take everything out, and have it credited.
    for (let account = 1; account <= ACCOUNTS; account += 7) {
      const { sizesLots, collateralPicoUsd } = drill.ledger.settledRecord(account);
      const amount = collateralPicoUsd / PICO_PER_MICRO;
      if (sizesLots.every((size) => size === 0n) && drill.withdraw(account, amount)) withdrawn.set(account, amount);
    }
    for (let i = 0; i < 3; i++) await move(200_000);
    await drill.settle();
    for (const [account, amount] of WAITING) await drill.deposit(account, amount);
    lived = await drill.provider.send("evm_snapshot", []);
  });

  after(() => drill?.connection.close());

  function trade(times: number): void {
    for (let i = 0; i < times; i++) {
      const [buyer, seller] = [random.between(1, ACCOUNTS), random.between(1, ACCOUNTS)];
      const market = random.below(MARKETS);
      const lots = Math.floor((random.between(100, 40_000) * 1_000_000) / (drill.pricesTicks[market] as number));
      if (buyer !== seller && buyer % 11 !== 0 && seller % 11 !== 0)
        drill.trade(buyer, seller, market, Math.max(1, lots));
    }
  }

  /** Another epoch, prices and funding moved. */
  async function move(ppm: number): Promise<void> {
    const prices = shaken(random, drill.pricesTicks, ppm);
    await drill.openEpoch(
      prices,
      prices.map((price) => BigInt(price * random.between(-20, 20))),
    );
  }

  async function model(): Promise<Model> {
    const { ledger, epochs } = drill;
    const terms: EscapeTerms = escapeTerms({
      epochs,
      lastEpoch: drill.lastEpoch,
      priceWindowSeconds: ESCAPE_WINDOWS.priceWindowSeconds,
      sinceSeconds: [],
      settledSinceEpoch: [],
    });
    const worth = new Map(
      [...ledger.entries()].map(
        ({ account, record }) => [account, equityPicoUsd(leafFrom(record, 0n), terms)] as const,
      ),
    );
    const { settledMicroUsd: poolMicroUsd } = await drill.exchange.vault();
    const inTime = [...worth].map(([account, equity]) => ({ account, equityMicroUsd: equity / PICO_PER_MICRO }));
    return { equityPicoUsd: worth, poolMicroUsd, payouts: escapePayouts({ poolMicroUsd, inTime }) };
  }

  async function runFor(onStep?: (step: EscapeStep) => void): Promise<EscapeRun> {
    const { address: exchange, provider } = drill;
    const signer = (await drill.connection.ethers.getSigners())[9]!;
    return new EscapeRun({
      ...{ provider, signer, exchange, firstBlock: 0 },
      ...(onStep === undefined ? {} : { onStep }),
    });
  }

  /** Everything from L1's logs. */
  async function rebuilt(): Promise<RebuiltState> {
    const { address: exchange, provider, chainId } = drill;
    return rebuildState({ exchange, chainId, provider, hash: await buildFastPoseidon() });
  }

  async function goTo(timeSeconds: number): Promise<void> {
    await drill.mineAt(Math.max(timeSeconds, (await drill.nowSeconds()) + 1));
  }

  const claimed = async (account: number): Promise<bigint> =>
    drill.exchange.claimable(account === INSURANCE_ACCOUNT ? await fundOwner() : ownerOf(account));
  const fundOwner = (): Promise<string> => drill.exchange.accountOwner(INSURANCE_ACCOUNT);
  const sum = (amounts: Iterable<bigint>) => [...amounts].reduce((total, amount) => total + amount, 0n);

  it("has longs, shorts, flat, owing and empty accounts, in all eight markets", async () => {
    const records = [...drill.ledger.entries()].map(({ record }) => record);
    for (let market = 0; market < MARKETS; market++) {
      const sizes = records.map(({ sizesLots }) => sizesLots[market] as bigint);
      expect(sizes.filter((size) => size > 0n).length, `longs in market ${market}`).to.be.above(20);
      expect(sizes.filter((size) => size < 0n).length, `shorts in market ${market}`).to.be.above(20);
      expect(sum(sizes)).to.equal(0n);
    }
    const { equityPicoUsd: worth } = await model();
    const count = (is: (equity: bigint) => boolean) => [...worth.values()].filter(is).length;
    expect(count((equity) => equity < 0n)).to.be.above(10);
    expect(count((equity) => equity === 0n)).to.be.above(50);
    expect(records.filter(({ sizesLots }) => sizesLots.every((size) => size === 0n)).length).to.be.above(100);
    expect(withdrawn.size).to.be.above(10);
  });

  it("pays everybody to the unit: equities, credited withdrawals, deposits that nobody served, the insurance fund last", async () => {
    const { payouts, poolMicroUsd, equityPicoUsd: worth } = await model();
    expect(payouts.filedMicroUsd <= poolMicroUsd).to.equal(true);
    await goTo(Number(await drill.exchange.headDeadline()) + 1);
    const steps: EscapeStep[] = [];
    const run = await runFor((step) => steps.push(step));
    await run.freeze();
    const state = await rebuilt();
    const escapeWorth = await run.worth(state);
    await run.pin(state, escapeWorth);
    await run.file(state, escapeWorth);
    const positive = [...worth].filter(([, equity]) => equity >= PICO_PER_MICRO);
    expect((await run.claims()).ownerOf.size).to.equal(positive.length);
    // Before the window closes nothing is paid but what was credited before.
    await run.pay();
    expect((await drill.exchange.vault()).claimableMicroUsd).to.equal(sum(withdrawn.values()));
    const { claimsCloseSeconds = 0, lateCloseSeconds = 0 } = await run.view();
    await goTo(claimsCloseSeconds);
    await run.pay();
    expect(await claimed(INSURANCE_ACCOUNT)).to.equal(0n);
    await goTo(lateCloseSeconds);
    await run.pay();
    await run.reclaim(state);
    const paid = await run.claim(state);
    // Nobody is left who did not get what the model says, and not a unit more.
    for (let account = 1; account <= ACCOUNTS; account++) {
      const returned = WAITING.find(([to]) => to === account)?.[1] ?? 0n;
      const expected = (payouts.paidMicroUsd.get(account) ?? 0n) + (withdrawn.get(account) ?? 0n) + returned;
      expect(await drill.token.balanceOf(ownerOf(account)), `account ${account}`).to.equal(
        expected + unclaimed(account, paid),
      );
    }
    expect(await drill.token.balanceOf(await fundOwner())).to.equal(payouts.paidMicroUsd.get(INSURANCE_ACCOUNT));
    const { queuedMicroUsd, settledMicroUsd } = await drill.exchange.vault();
    expect([queuedMicroUsd, settledMicroUsd]).to.deep.equal([0n, payouts.leftMicroUsd]);
    expect(sum(payouts.paidMicroUsd.values()) + payouts.leftMicroUsd).to.equal(poolMicroUsd);
    // Once more: everything is done, and nothing is sent.
    const { length } = steps;
    await run.freeze();
    await run.pin(state, escapeWorth);
    await run.file(state, escapeWorth);
    await run.pay();
    await run.reclaim(state);
    expect((await run.claim(state)).size).to.equal(0);
    expect(steps.length).to.equal(length);
  });

  /** An owner without any claim in the escape whose withdrawal was credited before asks for it by itself. */
  function unclaimed(account: number, paid: ReadonlyMap<string, bigint>): bigint {
    return paid.has(ownerOf(account)) ? 0n : -(withdrawn.get(account) ?? 0n);
  }

  it("pays one ratio when the pool is short, in whatever order accounts are filed and paid, and after interruptions", async () => {
    await drill.provider.send("evm_revert", [lived]);
    // A crash that nobody can liquidate: most of an hour at prices far away.
    for (let i = 0; i < 8; i++) await move(i === 0 ? 450_000 : 20_000);
    await drill.settle();
    const { payouts, poolMicroUsd, equityPicoUsd: worth } = await model();
    expect(payouts.filedMicroUsd > poolMicroUsd).to.equal(true);
    await goTo(Number(await drill.exchange.headDeadline()) + 1);
    const stopAfter = (times: number) => {
      let left = times;
      return () => {
        if (--left === 0) throw new Error("broken off");
      };
    };
    await (await runFor()).freeze();
    const state = await rebuilt();
    // Broken off after the first transaction of the pinning, and after the second; then done to the end.
    for (const times of [1, 1]) {
      const broken = await runFor(stopAfter(times));
      await broken.pin(state, await broken.worth(state)).then(
        () => expect.fail("it was not broken off"),
        (error: Error) => expect(error.message).to.equal("broken off"),
      );
    }
    const run = await runFor();
    const escapeWorth = await run.worth(state);
    await run.pin(state, escapeWorth);
    const { claimsCloseSeconds = 0, escape: wayOut } = await run.view();
    // Strangers file accounts group by group in no order, some of them twice.
    const accounts = [...escapeWorth.equityMicroUsd.keys()];
    const groups = Array.from({ length: 10 }, (_, i) =>
      accounts.filter((_account, place) => Math.floor(place / 100) === i),
    );
    const contract = new Contract(wayOut, ESCAPE_ABI, (await drill.connection.ethers.getSigners())[7]!);
    for (const group of shuffled(groups.filter(({ length }) => length > 0)).slice(1)) {
      const { leaves, siblings } = leafProof(state.accounts, shuffled(group));
      await (await contract.getFunction("file")(leaves, siblings)).wait();
    }
    await run.file(state, escapeWorth);
    await goTo(claimsCloseSeconds);
    for (let i = 0; i < 3; i++) await (await contract.getFunction("pay")(shuffled(accounts).slice(0, 100))).wait();
    await run.pay();
    for (const account of worth.keys()) {
      if (account === INSURANCE_ACCOUNT) continue;
      const expected = (payouts.paidMicroUsd.get(account) ?? 0n) + (withdrawn.get(account) ?? 0n);
      expect(await claimed(account), `account ${account}`).to.equal(expected);
    }
    expect((await drill.exchange.vault()).settledMicroUsd).to.equal(payouts.leftMicroUsd);
    expect(payouts.leftMicroUsd < BigInt(ACCOUNTS)).to.equal(true);
    expect(payouts.paidMicroUsd.get(INSURANCE_ACCOUNT)).to.equal(0n);
  });

  function shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    for (let i = rest.length - 1; i > 0; i--) {
      const other = random.below(i + 1);
      [rest[i], rest[other]] = [rest[other] as T, rest[i] as T];
    }
    return rest;
  }
});
