import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { batchOf, follow, provenInput, sendBatch, settle } from "./batches.ts";
import { ethers, mined } from "./chain.ts";
import { openEpoch } from "./epochs.ts";
import { as, deployWorld, useWorld, type VerifierContract, type World } from "./exchange-world.ts";

const TIER = 1;

/** A verifier that accepts nothing that it was not told: the old one and the new one never agree by chance. */
async function freshVerifier(): Promise<VerifierContract> {
  return (await ethers.deployContract("ExpectedInputsVerifier", [true])) as unknown as VerifierContract;
}

describe("Exchange: verifiers", () => {
  const world = useWorld(async () => {
    const w = await deployWorld();
    await openEpoch(w);
    return w;
  });

  const governed = (w: World) => as(w, w.owner);
  /** A batch that only this verifier accepts. */
  const provenTo = (w: World, verifier: VerifierContract, terms: Parameters<typeof batchOf>[1]) => {
    const verifiers = w.verifiers.map((other, tier) => (tier === TIER ? verifier : other));
    const batch = batchOf(w, { tier: TIER, ...terms });
    return { batch, send: async () => sendBatch(w, await provenInput({ ...w, verifiers }, batch)) };
  };

  it("gives a tier without one its verifier at once, whatever epoch is open", async () => {
    const w = await deployWorld("TestDollar", { verifiers: [] });
    const [first] = w.verifiers;
    if (first === undefined) throw new Error("no verifiers");
    await openEpoch(w);
    await expect(settle(w, { tier: 0 }))
      .to.be.revertedWithCustomError(w.exchange, "NoVerifier")
      .withArgs(0n);
    const address = await first.getAddress();
    await expect(governed(w).addVerifier(0, address)).to.emit(w.exchange, "VerifierAdded").withArgs(0n, address, 0n);
    expect(await w.exchange.verifierOf(0)).to.equal(address);
    expect(await w.exchange.verifierOf(2)).to.equal(ZeroAddress);
    await settle(w, { tier: 0 });
  });

  it("lets the one before judge what was opened before, and the new one all that comes later", async () => {
    const w = world();
    const [old, next] = [w.verifiers[TIER] as VerifierContract, await freshVerifier()];
    const address = await next.getAddress();
    const [first] = w.model.epochs;
    await expect(governed(w).addVerifier(TIER, address))
      .to.emit(w.exchange, "VerifierAdded")
      .withArgs(BigInt(TIER), address, 2n);
    expect(await w.exchange.verifierOf(TIER)).to.equal(address);
    expect((await w.exchange.successionOf(TIER)).toArray()).to.deep.equal([await old.getAddress(), 2n]);
    const second = await openEpoch(w);
    // In flight when the verifier was exchanged: the old one's proof counts, the new one's does not.
    const early = provenTo(w, next, { epoch: first });
    await expect(early.send()).to.be.revertedWithCustomError(w.exchange, "ProofRejected");
    const inFlight = provenTo(w, old, { epoch: first });
    await mined(inFlight.send());
    follow(w, inFlight.batch);
    // Of the next epoch it is the other way round.
    await expect(provenTo(w, old, { epoch: second, seed: "late" }).send()).to.be.revertedWithCustomError(
      w.exchange,
      "ProofRejected",
    );
    const later = provenTo(w, next, { epoch: second, seed: "late" });
    await mined(later.send());
    follow(w, later.batch);
  });

  it("takes a retired verifier's word for nothing, of whatever epoch", async () => {
    const w = world();
    const [old, next] = [w.verifiers[TIER] as VerifierContract, await freshVerifier()];
    const [first] = w.model.epochs;
    await mined(governed(w).addVerifier(TIER, await next.getAddress()));
    const address = await old.getAddress();
    await expect(governed(w).retireVerifier(TIER, address))
      .to.emit(w.exchange, "VerifierRetired")
      .withArgs(BigInt(TIER), address);
    expect((await w.exchange.successionOf(TIER)).toArray()).to.deep.equal([ZeroAddress, 0n]);
    await expect(provenTo(w, old, { epoch: first }).send()).to.be.revertedWithCustomError(w.exchange, "ProofRejected");
    const again = provenTo(w, next, { epoch: first });
    await mined(again.send());
    follow(w, again.batch);
  });

  it("goes back to the one before when the new one is retired", async () => {
    const w = world();
    const [old, next] = [w.verifiers[TIER] as VerifierContract, await freshVerifier()];
    await mined(governed(w).addVerifier(TIER, await next.getAddress()));
    await mined(governed(w).retireVerifier(TIER, await next.getAddress()));
    expect(await w.exchange.verifierOf(TIER)).to.equal(await old.getAddress());
    await settle(w, { tier: TIER });
    const second = await openEpoch(w);
    const late = provenTo(w, old, { epoch: second });
    await mined(late.send());
    follow(w, late.batch);
  });

  it("leaves a tier without any when its only one is retired, and the others as they were", async () => {
    const w = world();
    await mined(governed(w).retireVerifier(TIER, await (w.verifiers[TIER] as VerifierContract).getAddress()));
    await expect(settle(w, { tier: TIER }))
      .to.be.revertedWithCustomError(w.exchange, "NoVerifier")
      .withArgs(BigInt(TIER));
    await settle(w, { tier: 2 });
  });

  it("refuses a third one, the same again, one for no tier, and to retire what is not there", async () => {
    const w = world();
    const [first, second, third] = [
      w.verifiers[TIER] as VerifierContract,
      await freshVerifier(),
      await freshVerifier(),
    ];
    const [a, b, c] = [await first.getAddress(), await second.getAddress(), await third.getAddress()];
    const refusal = (sent: Promise<unknown>, error: string) =>
      expect(sent).to.be.revertedWithCustomError(w.exchange, error);
    await refusal(governed(w).addVerifier(TIER, a), "VerifierAlreadySet").withArgs(BigInt(TIER), a);
    await mined(governed(w).addVerifier(TIER, b));
    await refusal(governed(w).addVerifier(TIER, c), "VerifierAlreadySet").withArgs(BigInt(TIER), b);
    await refusal(governed(w).addVerifier(3, c), "UnknownTier").withArgs(3n);
    await refusal(governed(w).addVerifier(TIER, ZeroAddress), "ZeroAddress");
    await refusal(governed(w).retireVerifier(TIER, ZeroAddress), "ZeroAddress");
    await refusal(governed(w).retireVerifier(TIER, c), "UnknownVerifier").withArgs(BigInt(TIER), c);
    await mined(governed(w).retireVerifier(TIER, a));
    await refusal(governed(w).retireVerifier(TIER, a), "UnknownVerifier").withArgs(BigInt(TIER), a);
    await mined(governed(w).addVerifier(TIER, c));
  });
});
