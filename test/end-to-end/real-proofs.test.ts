import { expect } from "chai";
import type { BaseContract, JsonRpcProvider } from "ethers";
import { EXCHANGE } from "../../matcher/chain/contract-interfaces.ts";
import { readLog } from "../../matcher/chain/l1-event.ts";
import { settleBatchCall } from "../../matcher/chain/settle-call.ts";
import { unpack } from "../../matcher/protocol/packing.ts";
import type { ProvenBatch } from "../../matcher/protocol/proven-batch.ts";
import { challengeOf, commitmentOf, evaluate, publicData } from "../../matcher/protocol/public-data.ts";
import { genesisSharedState, type SharedState, sharedStateHash } from "../../matcher/protocol/shared-state.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import {
  ACCOUNT_SLOT_WORDS,
  ACCOUNT_WORD,
  dataLayout,
  FIELD_ORDER,
  HEADER,
  TIERS,
  type Tier,
} from "../../matcher/protocol/spec.ts";
import { accountWords } from "../../matcher/prover/public-body.ts";
import { BASE_FIELD_ORDER } from "../../matcher/prover/setup/bn254.ts";
import { AccountStore } from "../../matcher/state/account-store.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { verifierName } from "../../scripts/generate.ts";
import { readPublishedState } from "../../scripts/published/published-state.ts";
import { type BatchArgument, batchInput } from "../contracts/batches.ts";
import type { Callable } from "../contracts/chain.ts";
import { argumentOf, proveAll, settle } from "./proven-history.ts";
import { type RandomHistory, randomHistory } from "./random-history.ts";
import { connect, deployReal, type L1Action, perform, type RealExchange, readL1 } from "./real-exchange.ts";

const DEV_CHAIN = 31337;
const OTHER_DEV_CHAIN = 1337;

const tierNamed = (name: string): Tier => TIERS.find((tier) => tier.name === name) as Tier;
const SMALL = tierNamed("small");
const LARGE = tierNamed("large");

describe("Real proofs", function () {
  this.timeout(300_000);
  let hash: Poseidon;
  let real: RealExchange;
  /** Another Exchange beside it, to which the same things happened. */
  let second: RealExchange;
  let actions: readonly L1Action[];
  let history: RandomHistory;
  let proven: ProvenBatch[];
  let snapshot: string;

  before("a random history is proven", async () => {
    hash = await buildFastPoseidon();
    real = await deployReal(await connect(DEV_CHAIN));
    ({ actions, history } = await randomHistory(real, hash));
    // Before the proofs: the oracle takes no rounds that are minutes old.
    second = await deployReal(real.connection, real);
    await perform(second, actions);
    proven = await proveAll(history.batches, real, hash);
    snapshot = (await real.connection.ethers.provider.send("evm_snapshot", [])) as string;
  });
  after(() => real.connection.close());

  const batch = (number: number): ProvenBatch => proven[number - 1] as ProvenBatch;
  const stateAfter = (number: number): SharedState =>
    number === 0 ? genesisSharedState() : (history.batches[number - 1]?.after as SharedState);

  /** Takes the chain back to where batches 1 … `count` are settled. */
  async function goTo(count: number): Promise<void> {
    const { provider } = real.connection.ethers;
    await provider.send("evm_revert", [snapshot]);
    snapshot = (await provider.send("evm_snapshot", [])) as string;
    for (const settled of proven.slice(0, count)) await settle(real, settled);
  }

  /** Sends a proven batch with something changed. */
  function send(number: number, change: (argument: BatchArgument) => void, to: RealExchange = real) {
    const argument = argumentOf(batch(number));
    change(argument);
    return operatorOf(to).settleBatch(argument);
  }

  const refused = (sent: Promise<unknown>, error: string, by: BaseContract = real.exchange) =>
    expect(sent).to.be.revertedWithCustomError(by, error);

  describe("of random batches", () => {
    before(() => goTo(proven.length));

    it("are of both tiers and hold registrations, deposits, fills, cancels, withdrawals and three epochs", () => {
      const tiers = history.batches.map(({ trace }) => trace.tier.name);
      expect(tiers).to.have.lengthOf.at.least(4);
      expect(tiers).to.include.members(["small", "large"]);
      const kinds = new Set(history.steps.map(({ kind }) => kind));
      expect([...kinds]).to.have.members([
        "registration",
        "deposit",
        "epoch",
        "fill",
        "cancel",
        "cancelAll",
        "withdrawal",
      ]);
      expect(history.batches.at(-1)?.epoch.number).to.equal(3);
    });

    it("leave the ledger's own shared state on L1", async () => {
      const { shared } = history.ledger;
      const store = new AccountStore(hash);
      store.load(history.ledger.entries());
      const expected: SharedState = {
        accountRoot: store.root,
        batchNumber: proven.length,
        epochNumber: shared.epoch?.number ?? 0,
        queueCursor: shared.queueCursor,
        queueHash: await real.exchange.queueHashAt.staticCall(shared.queueCursor),
        grossOpenInterestLots: [...shared.grossOpenInterestLots],
        epochStartOpenInterestLots: [...shared.epochStartOpenInterestLots],
        insuranceSpentPicoUsd: 0n,
        feesPicoUsd: shared.feesPicoUsd,
      };
      expect(stateAfter(proven.length)).to.deep.equal(expected);
      expect(await real.exchange.sharedStateHash.staticCall()).to.equal(sharedStateHash(expected));
    });

    it("publish the ledger's accounts, word by word, and enough to rebuild the root", async () => {
      const provider = real.connection.ethers.provider as unknown as JsonRpcProvider;
      const last = new Map<number, readonly bigint[]>();
      for (const log of await provider.getLogs({ address: real.address, fromBlock: 0, toBlock: "latest" })) {
        const event = readLog(log);
        if (event?.type !== "data") continue;
        const { tier } = batch(event.batchNumber).data;
        for (let position = 0; position < tier.accounts; position++) {
          const at = dataLayout(tier).accounts + position * ACCOUNT_SLOT_WORDS;
          const words = event.words.slice(at, at + ACCOUNT_SLOT_WORDS);
          const { active, account } = unpack(ACCOUNT_WORD, words[0] as bigint);
          if (active === 1n) last.set(Number(account), words);
        }
      }
      const accounts = [...history.ledger.entries()].map(({ account }) => account);
      expect([...last.keys()]).to.have.members(accounts);
      for (const account of accounts) {
        const after = { ...history.ledger.leafOf(account), orderRoot: 0n };
        const slot = { account, isNew: false, before: after, after, depositsMicroUsd: 0n, path: [] };
        expect(last.get(account), `account ${account}`).to.deep.equal(accountWords(slot));
      }
      const published = await readPublishedState(provider, real.address, 0, hash);
      expect(published.root).to.equal(stateAfter(proven.length).accountRoot);
      for (const { newRoot, rebuiltRoot } of published.batches) expect(rebuiltRoot).to.equal(newRoot);
    });

    it("make exactly the ledger's withdrawals claimable, and every token is accounted for", async () => {
      const { ledger, steps } = history;
      const expected = new Map<string, bigint>();
      for (const step of steps) {
        if (step.kind !== "withdrawal") continue;
        const owner = real.wallets[step.message.account - 1]?.address as string;
        expected.set(owner, (expected.get(owner) ?? 0n) + step.message.amountMicroUsd);
      }
      expect([...expected.values()].reduce((sum, amount) => sum + amount, 0n)).to.equal(
        ledger.shared.withdrawnMicroUsd,
      );
      const { settledMicroUsd, claimableMicroUsd } = await real.exchange.vault.staticCall();
      expect(settledMicroUsd).to.equal(ledger.shared.depositedMicroUsd - ledger.shared.withdrawnMicroUsd);
      expect(claimableMicroUsd).to.equal(ledger.shared.withdrawnMicroUsd);
      const held: bigint = await real.token.balanceOf.staticCall(real.address);
      for (const { address } of real.wallets.slice(0, 4)) {
        const amount = expected.get(address) ?? 0n;
        expect(await real.exchange.claimable.staticCall(address)).to.equal(amount);
        const before: bigint = await real.token.balanceOf.staticCall(address);
        if (amount > 0n) await real.exchange.claim(address);
        expect(await real.token.balanceOf.staticCall(address)).to.equal(before + amount);
      }
      expect(await real.token.balanceOf.staticCall(real.address)).to.equal(held - ledger.shared.withdrawnMicroUsd);
    });
  });

  describe("prove nothing but", () => {
    it("the same call data that these tests tamper with", () => {
      for (const given of proven) {
        expect(EXCHANGE.encodeFunctionData("settleBatch", [argumentOf(given)])).to.equal(settleBatchCall(given));
      }
    });

    it("their own words: another word anywhere in d is refused, under the old commitment and under its own", async () => {
      for (const number of [3, 2]) {
        const { data, commitment, proof } = batch(number);
        const words = publicData(data);
        // All of a small batch; of the large one, a word of every section.
        const { queue, withdrawals, rows, accounts } = dataLayout(data.tier);
        const places = data.tier === SMALL ? words.keys() : [0, 2, HEADER.markets, queue, withdrawals, rows, accounts];
        const verifier = await verifierOf(data.tier);
        const accepts = (other: readonly bigint[], under: bigint) => {
          const z = challengeOf(DEV_CHAIN, real.address, data.tier, under, other);
          return verifier.verifyBatch.staticCall(proof.a, proof.b, proof.c, [under, z, evaluate(other, z)]);
        };
        expect(await accepts(words, commitment), `batch ${number}`).to.equal(true);
        for (const index of places) {
          const other = words.with(index, ((words[index] as bigint) + 1n) % FIELD_ORDER);
          expect(await accepts(other, commitment), `word ${index}`).to.equal(false);
          expect(await accepts(other, commitmentOf(data.tier, other, hash)), `word ${index}`).to.equal(false);
        }
      }
    });
  });

  describe("in the Exchange", () => {
    beforeEach(() => goTo(2));

    it("are accepted once: a replay is stale, and with the chain's own words brought up to date it proves nothing", async () => {
      await goTo(proven.length);
      for (const { batchNumber } of proven)
        await refused(
          send(batchNumber, () => {}),
          "StaleSharedState",
        );
      const last = proven.length;
      const next = history.ledger.shared.queueCursor;
      const { queue } = batch(last).data;
      const waiting = await queueArguments(next, queue.length);
      await refused(
        send(last, (argument) => {
          argument.sharedState = stateAfter(last);
          argument.queueEntries = waiting;
        }),
        "ProofRejected",
      );
    });

    it("are refused in another order", async () => {
      await goTo(0);
      await refused(
        send(2, () => {}),
        "StaleSharedState",
      );
      await goTo(1);
      await refused(
        send(3, () => {}),
        "StaleSharedState",
      );
      await goTo(2);
      await refused(
        send(4, () => {}),
        "StaleSharedState",
      );
    });

    it("are refused when an epoch is skipped", async () => {
      await refused(
        send(4, (argument) => {
          argument.sharedState = stateAfter(2);
        }),
        "EpochOutOfOrder",
      ).withArgs(1n, 3n);
    });

    const proverWords: [section: string, change: (argument: BatchArgument) => void][] = [
      ["new root", (a) => (a.header.newRoot += 1n)],
      ["journal head", (a) => (a.header.journalHead += 1n)],
      ["funding digest", (a) => (a.header.fundingDigest += 1n)],
      ["sum of fees", (a) => (a.header.feeDeltaPicoUsd += 1n)],
      ["insurance spending", (a) => (a.header.insuranceSpentAfterPicoUsd += 1n)],
      ["open interest", (a) => bump(a.header.grossOpenInterestAfterWords, 0)],
      ["amount of a withdrawal", (a) => bump(a.bodyWords, 0, 1n << 160n)],
      ["owner of a withdrawal", (a) => bump(a.bodyWords, 0)],
      ["withdrawal that nobody signed", (a) => bump(a.bodyWords, 1, 1n + (1n << 160n))],
      ["row", (a) => bump(a.bodyWords, SMALL.withdrawals + 2)],
      ["account's collateral", (a) => bump(a.bodyWords, SMALL.withdrawals + 1 + SMALL.rows, 1n << 99n)],
      ["account's sizes", (a) => bump(a.bodyWords, SMALL.withdrawals + SMALL.rows + 2)],
      ["commitment", (a) => (a.commitment = (a.commitment + 1n) % FIELD_ORDER)],
    ];
    for (const [section, change] of proverWords) {
      it(`are refused with another ${section}`, async () => {
        await refused(send(3, change), "ProofRejected");
      });
    }

    const chainWords: [section: string, error: string, change: (argument: BatchArgument) => void][] = [
      ["old root", "StaleSharedState", (a) => (a.sharedState.accountRoot += 1n)],
      ["batch number", "StaleSharedState", (a) => (a.sharedState.batchNumber += 1)],
      ["queue cursor", "StaleSharedState", (a) => (a.sharedState.queueCursor += 1)],
      ["open interest before", "StaleSharedState", (a) => bump(a.sharedState.grossOpenInterestLots, 0)],
      ["epoch time", "EpochMismatch", (a) => (a.epoch.timeSeconds += 1n)],
      ["price", "EpochMismatch", (a) => bump(a.epoch.marketWords, 0)],
      ["open-interest cap", "EpochMismatch", (a) => bump(a.epoch.openInterestCapWords, 0)],
      ["deposit", "QueueMismatch", (a) => (a.queueEntries[0]!.head! += 1n << 22n)],
    ];
    for (const [section, error, change] of chainWords) {
      it(`are refused with another ${section}`, async () => {
        await refused(send(3, change), error);
      });
    }

    it("are refused with any coordinate changed, and with points of other proofs", async () => {
      const coordinates: ((argument: BatchArgument) => bigint[])[] = [
        ({ proof }) => proof.a,
        ({ proof }) => proof.b[0] as bigint[],
        ({ proof }) => proof.b[1] as bigint[],
        ({ proof }) => proof.c,
      ];
      const verifier = await verifierOf(SMALL);
      for (const pick of coordinates) {
        for (const index of [0, 1])
          await refused(
            send(3, (a) => bump(pick(a), index)),
            "ProofRejected",
          );
        const asLarge = (a: BatchArgument) => bump(pick(a), 0, BASE_FIELD_ORDER);
        await refused(send(3, asLarge), "ProofCoordinateNotCanonical", verifier);
      }
      const other = argumentOf(batch(1)).proof;
      for (const point of ["a", "b", "c"] as const) {
        await refused(
          send(3, ({ proof }) => Object.assign(proof, { [point]: other[point] })),
          "ProofRejected",
        );
      }
      await refused(
        send(3, ({ proof }) => Object.assign(proof, other)),
        "ProofRejected",
      );
      await refused(
        send(3, ({ proof }) => Object.assign(proof, { a: negated(proof.a) })),
        "ProofRejected",
      );
    });

    it("can be turned into another proof of the same batch, which changes nothing: it settles once", async () => {
      const mauled = (argument: BatchArgument) => {
        const [x, y] = argument.proof.b as [bigint[], bigint[]];
        Object.assign(argument.proof, { a: negated(argument.proof.a), b: [x, y.map((c) => BASE_FIELD_ORDER - c)] });
      };
      await send(3, mauled);
      expect(await real.exchange.sharedStateHash.staticCall()).to.equal(sharedStateHash(stateAfter(3)));
      await refused(
        send(3, () => {}),
        "StaleSharedState",
      );
    });

    it("are refused with any word of the prover plus the field's order", async () => {
      const { data } = batch(3);
      const put = (place: number) => (a: BatchArgument) => bump(a.bodyWords, place, FIELD_ORDER);
      for (const index of data.bodyWords.keys()) await refused(send(3, put(index)), "WordNotInField");
      await refused(
        send(3, (a) => (a.header.newRoot += FIELD_ORDER)),
        "WordNotInField",
      );
      await refused(
        send(3, (a) => (a.header.feeDeltaPicoUsd += FIELD_ORDER)),
        "WordNotInField",
      );
      await refused(
        send(3, (a) => (a.commitment += FIELD_ORDER)),
        "CommitmentNotInField",
      );
    });

    it("are refused under another tier", async () => {
      const asTier = (number: number, tier: Tier) => (a: BatchArgument) => {
        const layout = dataLayout(tier);
        a.tier = tier.id;
        a.queueEntries.splice(tier.queue);
        a.bodyWords = Array.from({ length: layout.length - layout.withdrawals }, (_, i) => {
          return batch(number).data.bodyWords[i] ?? 0n;
        });
      };
      await refused(
        send(3, (a) => (a.tier = LARGE.id)),
        "WrongBodyLength",
      );
      await refused(send(3, asTier(3, LARGE)), "ProofRejected");
      await refused(send(3, asTier(3, tierNamed("test"))), "NoVerifier").withArgs(0n);
      await goTo(1);
      await refused(
        send(2, (a) => (a.tier = SMALL.id)),
        "TooManyQueueEntries",
      );
      await refused(send(2, asTier(2, SMALL)), "ProofRejected");
      const { proof, commitment, data } = batch(2);
      const z = challengeOf(DEV_CHAIN, real.address, LARGE, commitment, publicData(data));
      const inputs = [commitment, z, evaluate(publicData(data), z)];
      for (const [tier, answer] of [
        [LARGE, true],
        [SMALL, false],
      ] as const) {
        const verifier = await verifierOf(tier);
        expect(await verifier.verifyBatch.staticCall(proof.a, proof.b, proof.c, inputs)).to.equal(answer);
      }
    });
  });

  describe("elsewhere", () => {
    /** Same genesis, queue and epochs, so that only address and chain id tell the two apart. */
    async function expectRefusedBy(other: RealExchange): Promise<void> {
      const reads: ((on: RealExchange) => Promise<string>)[] = [
        (on) => on.exchange.sharedStateHash.staticCall(),
        (on) => on.exchange.queueHashAt.staticCall(batch(1).data.queue.length),
        (on) => on.exchange.epochHash.staticCall(1),
      ];
      for (const read of reads) expect(await read(other)).to.equal(await read(real));
      await refused(
        send(1, () => {}, other),
        "ProofRejected",
        other.exchange,
      );
      await settle(real, batch(1));
    }

    beforeEach(() => goTo(0));

    it("are refused by another Exchange on the same chain, with the same history", async () => {
      expect(second.address).not.to.equal(real.address);
      await expectRefusedBy(second);
    });

    it("are refused by the Exchange at the same address on another chain, with the same history", async () => {
      const connection = await connect(OTHER_DEV_CHAIN);
      const abroad = await deployReal(connection);
      await perform(abroad, actions);
      expect(abroad.address).to.equal(real.address);
      await expectRefusedBy(abroad);
      await connection.close();
    });
  });

  type Verifier = Callable<"verifyBatch">;

  async function verifierOf(tier: Tier): Promise<Verifier> {
    const address = real.verifiers[tier.id] as string;
    return (await real.connection.ethers.getContractAt(verifierName(tier), address)) as unknown as Verifier;
  }

  /** The next entries of the real queue, as `settleBatch` takes them. */
  async function queueArguments(cursor: number, count: number): Promise<BatchArgument["queueEntries"]> {
    const { entries } = await readL1(real);
    return batchInput({ ...batch(1).data, queue: entries.slice(cursor, cursor + count) }, 0n).queueEntries;
  }
});

function operatorOf({ exchange, operator }: RealExchange): RealExchange["exchange"] {
  return exchange.connect(operator) as RealExchange["exchange"];
}

function bump(words: bigint[], index: number, by = 1n): void {
  words[index] = (words[index] as bigint) + by;
}

/** The same point of G1 mirrored: −A. */
function negated([x, y]: readonly bigint[]): [bigint, bigint] {
  return [x as bigint, BASE_FIELD_ORDER - (y as bigint)];
}
