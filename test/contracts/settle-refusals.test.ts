import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import { epochHash, epochRecord } from "../../matcher/protocol/epoch-record.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import { challengeOf, evaluate, publicData } from "../../matcher/protocol/public-data.ts";
import { sharedStateHash } from "../../matcher/protocol/shared-state.ts";
import { dataLayout, FIELD_ORDER, HEADER, TIERS, tierById } from "../../matcher/protocol/spec.ts";
import {
  type Batch,
  type BatchArgument,
  batchInput,
  batchOf,
  follow,
  provenInput,
  publicInputsOf,
  sendBatch,
  settle,
} from "./batches.ts";
import { mined } from "./chain.ts";
import { openEpoch } from "./epochs.ts";
import { as, deployWorld, fund, readQueue, useWorld, type VerifierContract, type World } from "./exchange-world.ts";

/** Alice registered and deposited twice; epoch 1 is open; nothing is settled. */
async function prepare(): Promise<World> {
  const w = await deployWorld();
  const { x, y } = Point.BASE.multiply(5n).toAffine();
  await fund(w, w.alice, 500_000_000n);
  await mined(as(w, w.alice).register(x, y));
  await mined(as(w, w.alice).deposit(1, 200_000_000n));
  await mined(as(w, w.alice).deposit(1, 300_000_000n));
  await readQueue(w);
  await openEpoch(w);
  return w;
}

/** A proven batch, changed by hand after it was proven. */
async function changed(w: World, change: (input: BatchArgument) => void, batch: Batch = batchOf(w, { queueCount: 2 })) {
  const input = await provenInput(w, batch);
  change(input);
  return sendBatch(w, input);
}

describe("Exchange.settleBatches refuses", () => {
  const world = useWorld(prepare);

  const refusal = (sent: Promise<unknown>, error: string) =>
    expect(sent).to.be.revertedWithCustomError(world().exchange, error);

  it("nothing about the unchanged batch", async () => {
    await changed(world(), () => {});
  });

  describe("state and order", () => {
    it("anybody but the operator", async () => {
      const w = world();
      const input = await provenInput(w, batchOf(w));
      await refusal(as(w, w.owner).settleBatches([input]), "NotOperator").withArgs(w.owner.address);
    });

    it("the same batch again", async () => {
      const w = world();
      const genesis = w.model.sharedState;
      const input = await provenInput(w, batchOf(w));
      await mined(sendBatch(w, input));
      const expected = await w.exchange.sharedStateHash();
      await refusal(sendBatch(w, input), "StaleSharedState").withArgs(expected, sharedStateHash(genesis));
    });

    it("a proof of an earlier batch under the new state", async () => {
      const w = world();
      const batch = batchOf(w);
      const first = await provenInput(w, batch);
      await mined(sendBatch(w, first));
      follow(w, batch);
      // The verifier still accepts what the first proof proves; now the chain's own words differ.
      const replay = batchInput({ ...batch, sharedState: w.model.sharedState }, first.commitment);
      await refusal(sendBatch(w, replay), "ProofRejected");
    });

    it("a reused batch number", async () => {
      const w = world();
      await settle(w);
      await refusal(
        changed(w, (input) => {
          input.sharedState.batchNumber = 0;
        }),
        "StaleSharedState",
      );
    });

    it("a wrong old root", async () => {
      await refusal(
        changed(world(), (input) => {
          input.sharedState.accountRoot += 1n;
        }),
        "StaleSharedState",
      );
    });

    for (const field of ["queueCursor", "epochNumber"] as const) {
      it(`a changed ${field} before the batch`, async () => {
        await refusal(
          changed(world(), (input) => {
            input.sharedState[field] += 1;
          }),
          "StaleSharedState",
        );
      });
    }

    for (const field of ["feesPicoUsd", "insuranceSpentPicoUsd"] as const) {
      it(`a changed ${field} before the batch`, async () => {
        await refusal(
          changed(world(), (input) => {
            input.sharedState[field] += 1n;
          }),
          "StaleSharedState",
        );
      });
    }

    it("changed open interest before the batch", async () => {
      await refusal(
        changed(world(), (input) => {
          input.sharedState.grossOpenInterestLots[3] = 1n;
        }),
        "StaleSharedState",
      );
    });
  });

  describe("epochs", () => {
    it("one that was skipped over", async () => {
      const w = world();
      await settle(w);
      await openEpoch(w);
      const third = await openEpoch(w);
      await refusal(
        changed(w, () => {}, batchOf(w, { epoch: third })),
        "EpochOutOfOrder",
      ).withArgs(1n, 3n);
    });

    it("one before the last batch's", async () => {
      const w = world();
      const [first] = w.model.epochs;
      await settle(w);
      await settle(w, { epoch: await openEpoch(w) });
      await refusal(
        changed(w, () => {}, batchOf(w, { epoch: first })),
        "EpochOutOfOrder",
      ).withArgs(2n, 1n);
    });

    it("one that was never opened", async () => {
      const w = world();
      await settle(w);
      const [first] = w.model.epochs;
      if (first === undefined) throw new Error("no epoch");
      await refusal(
        changed(w, () => {}, batchOf(w, { epoch: { ...first, number: 2 } })),
        "EpochNotOpened",
      ).withArgs(2n);
    });

    it("epoch 0, which does not exist", async () => {
      const w = world();
      const [first] = w.model.epochs;
      if (first === undefined) throw new Error("no epoch");
      await refusal(
        changed(w, () => {}, batchOf(w, { epoch: { ...first, number: 0 } })),
        "EpochNotOpened",
      ).withArgs(0n);
    });

    it("any change to what it fixed", async () => {
      const w = world();
      const [first] = w.model.epochs;
      if (first === undefined) throw new Error("no epoch");
      const expected = epochHash(epochRecord(first));
      expect(await w.exchange.epochHash(1)).to.equal(expected);
      const changes: ((input: BatchArgument) => void)[] = [
        (input) => (input.epoch.timeSeconds += 1n),
        (input) => (input.epoch.paramVersion += 1n),
        (input) => (input.epoch.rebateCapPpm += 1n),
        (input) => (input.epoch.journalHead += 1n),
        (input) => (input.epoch.liquidationTerms += 1n),
        (input) => (input.epoch.marketWords[2] = (input.epoch.marketWords[2] ?? 0n) + 1n),
        (input) => (input.epoch.openInterestCapWords[1] = 1n),
      ];
      for (const change of changes) {
        let givenHash = "";
        const sent = changed(w, (input) => {
          change(input);
          givenHash = epochHash(input.epoch);
        });
        await refusal(sent, "EpochMismatch").withArgs(expected, (given: string) => given === givenHash);
      }
    });
  });

  describe("queue entries", () => {
    it("more than the tier holds", async () => {
      await refusal(
        changed(world(), (input) => input.queueEntries.push(...input.queueEntries)),
        "TooManyQueueEntries",
      ).withArgs(2n, 4n);
    });

    it("more than there are", async () => {
      const w = world();
      await settle(w, { queueCount: 2 });
      await settle(w, { queueCount: 1 });
      await refusal(
        changed(
          w,
          (input) => {
            const [head] = input.queueEntries;
            if (head !== undefined) input.queueEntries.push(structuredClone(head));
          },
          batchOf(w, { queueCount: 1 }),
        ),
        "QueueExceeded",
      ).withArgs(4n, 5n);
    });

    const mismatches: [string, (input: BatchArgument) => void][] = [
      ["in another order", (input) => input.queueEntries.reverse()],
      ["with one left out", (input) => input.queueEntries.shift()],
      ["with another amount", (input) => bump(input, "head", 1n << 22n)],
      ["for another account", (input) => bump(input, "head", 1n << 4n)],
      ["with another key", (input) => bump(input, "ax", 1n)],
      ["with the other coordinate changed", (input) => bump(input, "ay", 1n)],
    ];
    for (const [what, change] of mismatches) {
      it(what, async () => {
        await refusal(changed(world(), change), "QueueMismatch");
      });
    }

    it("with another owner", async () => {
      const w = world();
      const sent = changed(w, (input) => {
        const [entry] = input.queueEntries;
        if (entry !== undefined) entry.owner = w.bob.address;
      });
      await refusal(sent, "QueueMismatch");
    });

    it("when fewer are named than the proof consumed", async () => {
      await refusal(
        changed(world(), (input) => input.queueEntries.pop()),
        "ProofRejected",
      );
    });
  });

  describe("public data", () => {
    for (const tier of TIERS) {
      it(`a body one word longer or shorter than tier ${tier.name}'s`, async () => {
        const w = world();
        const batch = batchOf(w, { tier: tier.id });
        const words = BigInt(batch.bodyWords.length);
        await refusal(
          changed(w, (input) => input.bodyWords.push(0n), batch),
          "WrongBodyLength",
        ).withArgs(words, words + 1n);
        await refusal(
          changed(w, (input) => input.bodyWords.pop(), batch),
          "WrongBodyLength",
        ).withArgs(words, words - 1n);
      });
    }

    it("every word of the prover plus the field order, though it evaluates alike", async () => {
      const w = world();
      const batch = batchOf(w, { tier: 0 });
      const data = publicData(batch);
      const places: [index: number, put: (input: BatchArgument, word: bigint) => void][] = [
        [HEADER.newRoot, (input, word) => (input.header.newRoot = word)],
        [HEADER.journalHead, (input, word) => (input.header.journalHead = word)],
        [HEADER.fundingDigest, (input, word) => (input.header.fundingDigest = word)],
        [HEADER.feeDelta, (input, word) => (input.header.feeDeltaPicoUsd = word)],
        [HEADER.insuranceSpentAfter, (input, word) => (input.header.insuranceSpentAfterPicoUsd = word)],
        [HEADER.grossOpenInterestAfter, (input, word) => (input.header.grossOpenInterestAfterWords[0] = word)],
        [HEADER.grossOpenInterestAfter + 1, (input, word) => (input.header.grossOpenInterestAfterWords[1] = word)],
        ...batch.bodyWords.map(
          (_, index) =>
            [
              dataLayout(batch.tier).withdrawals + index,
              (input: BatchArgument, word: bigint) => (input.bodyWords[index] = word),
            ] as [number, (input: BatchArgument, word: bigint) => void],
        ),
      ];
      for (const [index, put] of places) {
        const word = (data[index] ?? 0n) + FIELD_ORDER;
        await refusal(
          changed(w, (input) => put(input, word), batch),
          "WordNotInField",
        ).withArgs(index, word);
      }
    });

    it("the field order itself and the largest word, and names the first of two", async () => {
      const w = world();
      await refusal(
        changed(w, (input) => {
          input.bodyWords[4] = FIELD_ORDER;
          input.bodyWords[6] = 2n ** 256n - 1n;
        }),
        "WordNotInField",
      ).withArgs(dataLayout(tierById(1)).withdrawals + 4, FIELD_ORDER);
    });

    it("a commitment that is not below the field order", async () => {
      const w = world();
      let commitment = 0n;
      const sent = changed(w, (input) => {
        input.commitment += FIELD_ORDER;
        commitment = input.commitment;
      });
      await refusal(sent, "CommitmentNotInField").withArgs((given: bigint) => given === commitment);
    });

    const tamperings: [string, (input: BatchArgument) => void][] = [
      ["another new root", (input) => (input.header.newRoot += 1n)],
      ["another journal head", (input) => (input.header.journalHead += 1n)],
      ["another funding digest", (input) => (input.header.fundingDigest += 1n)],
      ["another fee", (input) => (input.header.feeDeltaPicoUsd += 1n)],
      ["other insurance spending", (input) => (input.header.insuranceSpentAfterPicoUsd += 1n)],
      ["another open interest", (input) => (input.header.grossOpenInterestAfterWords[0] = 1n)],
      ["a withdrawal put in", (input) => (input.bodyWords[0] = 1n << 160n)],
      ["another row", (input) => (input.bodyWords[2] = 1n)],
      [
        "another liquidation",
        (input) => (input.bodyWords[dataLayout(tierById(1)).liquidations - dataLayout(tierById(1)).withdrawals] = 1n),
      ],
      ["another account slot", (input) => (input.bodyWords[input.bodyWords.length - 1] = 1n)],
      ["another commitment", (input) => (input.commitment = (input.commitment + 1n) % FIELD_ORDER)],
    ];
    for (const [what, change] of tamperings) {
      it(`${what} than was proven`, async () => {
        await refusal(changed(world(), change), "ProofRejected");
      });
    }

    it("open interest with bits beyond its lanes, even when proven", async () => {
      const w = world();
      const verifier = w.verifiers[1];
      if (verifier === undefined) throw new Error("no verifier");
      const batch = batchOf(w);
      const input = await provenInput(w, batch);
      const word = 1n << 192n;
      input.header.grossOpenInterestAfterWords[0] = word;
      const data = publicData(batch);
      data[HEADER.grossOpenInterestAfter] = word;
      const z = challengeOf(w.chainId, w.address, batch.tier, input.commitment, data);
      await mined(verifier.expectInputs([input.commitment, z, evaluate(data, z)]));
      await refusal(sendBatch(w, input), "OpenInterestOutOfRange").withArgs(word);
    });
  });

  describe("elsewhere", () => {
    it("the same batch proven for another exchange on this chain", async () => {
      const w = world();
      const other = await deployWorld("TestDollar");
      await openEpoch(other, { timeSeconds: w.model.epochs[0]?.timeSeconds, journalHead: 0xabcn });
      const batch = batchOf(w);
      const input = await provenInput(w, batch);
      const { commitment, z, y } = publicInputsOf(w, batch);
      await mined((other.verifiers[1] as VerifierContract).expectInputs([commitment, z, y]));
      // Same genesis, same epoch, same words: only the address differs.
      expect(await other.exchange.epochHash(1)).to.equal(await w.exchange.epochHash(1));
      await expect(sendBatch(other, input)).to.be.revertedWithCustomError(other.exchange, "ProofRejected");
      await sendBatch(w, input);
    });

    it("a batch proven for another chain", async () => {
      const w = world();
      const input = await provenInput(w, batchOf(w));
      const abroad = { ...w, chainId: 1, domain: domainOf(1, w.address) };
      await provenInput(abroad, batchOf(abroad));
      await refusal(sendBatch(w, input), "ProofRejected");
    });
  });

  describe("tiers and money", () => {
    it("an unknown tier", async () => {
      await refusal(
        changed(world(), (input) => {
          input.tier = 3;
        }),
        "UnknownTier",
      ).withArgs(3n);
    });

    it("a tier without verifier", async () => {
      const w = await deployWorld("TestDollar", { verifiers: [] });
      await openEpoch(w);
      await expect(changed(w, () => {}, batchOf(w)))
        .to.be.revertedWithCustomError(w.exchange, "NoVerifier")
        .withArgs(1n);
    });

    it("withdrawals above what settled deposits brought, even when proven", async () => {
      const w = world();
      await settle(w, { queueCount: 2 });
      await settle(w, { queueCount: 1 });
      // 200 USD are settled; 300 more wait in the queue and belong to no account yet.
      const withdrawals = [
        { owner: w.alice.address, amountMicroUsd: 150_000_000n },
        { owner: w.alice.address, amountMicroUsd: 50_000_001n },
      ];
      const sent = changed(w, () => {}, batchOf(w, { withdrawals }));
      await refusal(sent, "InsufficientVault").withArgs(50_000_000n, 50_000_001n);
      expect(await w.exchange.claimable(w.alice.address)).to.equal(0n);
    });
  });
});

function bump(input: BatchArgument, field: "head" | "ax" | "ay", by: bigint): void {
  const entry = input.queueEntries[1];
  if (entry !== undefined) entry[field] = (entry[field] ?? 0n) + by;
}
