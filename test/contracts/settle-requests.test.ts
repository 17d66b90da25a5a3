import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import { publicData } from "../../matcher/protocol/public-data.ts";
import { queueEntryWords, type RequestOutcome } from "../../matcher/protocol/queue-chain.ts";
import { sharedStateHash } from "../../matcher/protocol/shared-state.ts";
import { dataLayout, HEADER, QUEUE_ENTRY_WORDS, REQUEST_OUTCOME, tierById } from "../../matcher/protocol/spec.ts";
import { type BatchArgument, batchOf, entryArgument, follow, provenInput, sendBatch, settle } from "./batches.ts";
import { mined } from "./chain.ts";
import { openEpoch } from "./epochs.ts";
import { as, deployWorld, fund, REQUEST_FEE_WEI, readQueue, useWorld, type World } from "./exchange-world.ts";

const FEE = { value: 3n * REQUEST_FEE_WEI };
const ALICE = 1;

/** Two registrations, a deposit, an exit, a deposit and a cancel-all. */
async function prepare(): Promise<World> {
  const w = await deployWorld();
  const { x, y } = Point.BASE.multiply(5n).toAffine();
  await fund(w, w.alice, 500_000_000n);
  await mined(as(w, w.alice).register(x, y));
  await mined(as(w, w.alice).deposit(ALICE, 200_000_000n));
  await mined(as(w, w.alice).requestForcedExit(ALICE, 9, FEE));
  await mined(as(w, w.alice).deposit(ALICE, 300_000_000n));
  await mined(as(w, w.bob).requestLiquidation(ALICE, FEE));
  await readQueue(w);
  await openEpoch(w);
  return w;
}

describe("Exchange.settleBatches: requests", () => {
  const world = useWorld(prepare);
  const refusal = (sent: Promise<unknown>, error: string) =>
    expect(sent).to.be.revertedWithCustomError(world().exchange, error);
  /** A batch of the first three entries and the exit, changed by hand after it was proven. */
  const changed = async (change: (input: BatchArgument) => void, outcome: RequestOutcome = "done") => {
    const w = world();
    const input = await provenInput(w, batchOf(w, { tier: 2, queueCount: 3, requestOutcome: outcome }));
    change(input);
    return sendBatch(w, input);
  };

  for (const outcome of ["done", "inapplicable"] as const) {
    it(`moves the head behind a request that is ${outcome}`, async () => {
      const w = world();
      const batch = batchOf(w, { tier: 2, queueCount: 3, requestOutcome: outcome });
      const sent = sendBatch(w, await provenInput(w, batch));
      await expect(sent).to.emit(w.exchange, "RequestServed").withArgs(3n, 1n, BigInt(REQUEST_OUTCOME[outcome]));
      follow(w, batch);
      expect(w.model.sharedState.queueCursor).to.equal(4);
      expect(await w.exchange.queueCursor()).to.equal(4n);
      expect(await w.exchange.waitingRequests()).to.equal(1n);
      expect(await w.exchange.sharedStateHash()).to.equal(sharedStateHash(w.model.sharedState));
      // Its account can ask again.
      await mined(as(w, w.alice).requestCancelAll(ALICE, 10, FEE));
    });
  }

  it("leaves one that is advanced at the head, and takes it up again", async () => {
    const w = world();
    await settle(w, { tier: 2, queueCount: 3, requestOutcome: "advanced" });
    expect(await w.exchange.queueCursor()).to.equal(3n);
    expect(await w.exchange.waitingRequests()).to.equal(2n);
    const again = as(w, w.alice).requestForcedExit(ALICE, 9, FEE);
    await refusal(again, "RequestAlreadyWaiting").withArgs(BigInt(ALICE), 3n);
    await settle(w, { tier: 1, requestOutcome: "advanced" });
    expect(await w.exchange.queueCursor()).to.equal(3n);
    await settle(w, { tier: 1, requestOutcome: "done" });
    await settle(w, { tier: 1, queueCount: 1, requestOutcome: "inapplicable" });
    expect(await w.exchange.queueCursor()).to.equal(6n);
    expect(await w.exchange.waitingRequests()).to.equal(0n);
    expect(await w.exchange.requestFeeNowWei()).to.equal(REQUEST_FEE_WEI);
  });

  it("puts entry and outcome into the public data, and nothing without one", async () => {
    const w = world();
    const layout = dataLayout(tierById(2));
    const served = publicData(batchOf(w, { tier: 2, queueCount: 3, requestOutcome: "advanced" }));
    const words = served.slice(layout.request, layout.request + QUEUE_ENTRY_WORDS);
    expect(words).to.deep.equal(queueEntryWords(w.model.queue[3] as never));
    expect((served[HEADER.queueCursor] as bigint) >> 72n).to.equal(3n);
    const receipt = await settle(w, { tier: 2, queueCount: 3 });
    const data = receipt.logs.map((log) => w.exchange.interface.parseLog(log)).find((log) => log?.name === "BatchData");
    const bytes = data?.args.data as string;
    const word = (index: number) => BigInt(`0x${bytes.slice(2 + 64 * index, 66 + 64 * index)}`);
    expect(word(layout.request)).to.equal(0n);
    expect(word(HEADER.queueCursor) >> 72n).to.equal(0n);
  });

  it("credits what an exit pays behind the withdrawals, out of the pool", async () => {
    const w = world();
    await settle(w, { tier: 2, queueCount: 3, feeDeltaPicoUsd: 0n });
    const exitPayout = { owner: w.alice.address, amountMicroUsd: 150_000_000n };
    const batch = batchOf(w, { tier: 1, requestOutcome: "done", exitPayout });
    const sent = sendBatch(w, await provenInput(w, batch));
    await expect(sent).to.emit(w.exchange, "WithdrawalCredited").withArgs(w.alice.address, 2n, 150_000_000n);
    expect(await w.exchange.claimable(w.alice.address)).to.equal(150_000_000n);
    const { settledMicroUsd } = await w.exchange.vault();
    expect(settledMicroUsd).to.equal(50_000_000n);
    await expect(as(w, w.bob).claim(w.alice.address)).to.changeTokenBalance(
      (await import("./chain.ts")).ethers,
      w.token,
      w.alice,
      150_000_000n,
    );
  });

  it("counts no sequence as a deposit", async () => {
    const w = world();
    await settle(w, { tier: 2, queueCount: 3, requestOutcome: "done" });
    const { queuedMicroUsd, settledMicroUsd } = await w.exchange.vault();
    expect([queuedMicroUsd, settledMicroUsd]).to.deep.equal([300_000_000n, 200_000_000n]);
  });

  describe("refuses", () => {
    it("another request than the next one", async () => {
      const w = world();
      for (const at of [0, 4, 5]) {
        const entry = entryArgument(w.model.queue[at] as never);
        await refusal(
          changed((input) => Object.assign(input, { request: entry })),
          "QueueMismatch",
        );
      }
    });

    it("any word of it changed, for every outcome", async () => {
      for (const outcome of ["done", "inapplicable", "advanced"] as const) {
        for (const field of ["head", "ax", "ay"] as const) {
          const sent = changed((input) => {
            input.request[field] += 1n;
          }, outcome);
          await refusal(sent, "QueueMismatch");
        }
        const owned = changed((input) => {
          input.request.owner = world().alice.address;
        }, outcome);
        await refusal(owned, "QueueMismatch");
      }
    });

    it("another outcome than was proven", async () => {
      for (const other of [0, 2, 3]) {
        await refusal(
          changed((input) => {
            input.requestOutcome = other;
          }),
          "ProofRejected",
        );
      }
      await expect(
        changed((input) => {
          input.requestOutcome = 4;
        }),
      ).to.revert((await import("./chain.ts")).ethers);
    });

    it("a request that is not there", async () => {
      const w = world();
      await settle(w, { tier: 2, queueCount: 3, requestOutcome: "done" });
      await settle(w, { tier: 2, queueCount: 1, requestOutcome: "done" });
      const input = await provenInput(w, batchOf(w, { tier: 1 }));
      Object.assign(input, { requestOutcome: 1, request: entryArgument(w.model.queue[5] as never) });
      await refusal(sendBatch(w, input), "QueueExceeded").withArgs(6n, 7n);
      input.requestOutcome = 3;
      await refusal(sendBatch(w, input), "QueueExceeded").withArgs(6n, 7n);
    });

    it("to pass it over: entries behind it need it consumed", async () => {
      const w = world();
      await settle(w, { tier: 2, queueCount: 3 });
      const input = await provenInput(w, batchOf(w, { tier: 1 }));
      input.queueEntries = [entryArgument(w.model.queue[4] as never)];
      await refusal(sendBatch(w, input), "QueueMismatch");
    });

    it("to serve it before the entries in front of it", async () => {
      const w = world();
      const input = await provenInput(w, batchOf(w, { tier: 2, queueCount: 2 }));
      Object.assign(input, { requestOutcome: 1, request: entryArgument(w.model.queue[3] as never) });
      await refusal(sendBatch(w, input), "QueueMismatch");
    });

    it("to serve it twice", async () => {
      const w = world();
      const served = await provenInput(w, batchOf(w, { tier: 2, queueCount: 3, requestOutcome: "done" }));
      await settle(w, { tier: 2, queueCount: 3, requestOutcome: "done" });
      await refusal(sendBatch(w, served), "StaleSharedState");
      const input = await provenInput(w, batchOf(w, { tier: 1 }));
      Object.assign(input, { requestOutcome: 1, request: entryArgument(w.model.queue[3] as never) });
      await refusal(sendBatch(w, input), "QueueMismatch");
    });

    it("to pay more than the pool has", async () => {
      const w = world();
      await settle(w, { tier: 2, queueCount: 3, feeDeltaPicoUsd: 0n });
      const exitPayout = { owner: w.alice.address, amountMicroUsd: 200_000_001n };
      const sent = sendBatch(w, await provenInput(w, batchOf(w, { tier: 1, requestOutcome: "done", exitPayout })));
      await refusal(sent, "InsufficientVault").withArgs(200_000_000n, 200_000_001n);
    });
  });
});
