import { expect } from "chai";
import { type FunctionFragment, Interface, ZeroAddress } from "ethers";
import { artifacts } from "hardhat";
import { ethers, mined } from "./chain.ts";
import { deployEpochSources } from "./epoch-sources.ts";
import { as, deployWorld, type Setup, useWorld, type World } from "./exchange-world.ts";
import { skipWhenInstrumented } from "./instrumented.ts";

async function setupOf(w: World, changes: Partial<Setup> = {}): Promise<Setup> {
  const { addresses } = await deployEpochSources(w.owner, (name, args) => ethers.deployContract(name, args), [
    w.reporter.address,
  ]);
  return {
    token: await w.token.getAddress(),
    ...addresses,
    owner: w.owner.address,
    operator: w.operator.address,
    insuranceOwner: w.insuranceOwner.address,
    minimumDepositMicroUsd: 1n,
    depositCapMicroUsd: 1n,
    verifiers: [],
    ...changes,
  };
}

describe("Exchange: roles and set-up", () => {
  const world = useWorld(() => deployWorld());

  /** Every function that writes, and who may call it. One that is missing here fails the test. */
  const CALLERS: Record<string, "anybody" | "owner" | "operator" | "pending owner"> = {
    acceptOwnership: "pending owner",
    addVerifier: "owner",
    claim: "anybody",
    collectFees: "owner",
    deposit: "anybody",
    depositWithPermit: "anybody",
    openEpoch: "operator",
    register: "anybody",
    renounceOwnership: "owner",
    setDepositLimits: "owner",
    setOperator: "owner",
    settleBatch: "operator",
    transferOwnership: "owner",
  };

  it("has no function that writes beside the known ones: none sets a balance, a price or a root", async () => {
    const { abi } = await artifacts.readArtifact("Exchange");
    const writing = new Interface(abi).fragments
      .filter((fragment): fragment is FunctionFragment => fragment.type === "function")
      .filter((fragment) => fragment.stateMutability !== "view" && fragment.stateMutability !== "pure")
      .map((fragment) => fragment.name)
      .sort();
    expect(writing).to.deep.equal(Object.keys(CALLERS).sort());
  });

  it("takes no Ether", async () => {
    const w = world();
    await expect(w.alice.sendTransaction({ to: w.address, value: 1n })).to.be.revertedWithoutReason(ethers);
  });

  it("refuses every role that a function is not for", async () => {
    const w = world();
    const callers = { owner: w.owner, operator: w.operator, stranger: w.stranger };
    const { abi } = await artifacts.readArtifact("Exchange");
    for (const fragment of new Interface(abi).fragments) {
      if (fragment.type !== "function") continue;
      const { name, inputs } = fragment as FunctionFragment;
      const wanted = CALLERS[name];
      if (wanted === undefined || wanted === "anybody") continue;
      const error = wanted === "operator" ? "NotOperator" : "OwnableUnauthorizedAccount";
      for (const [role, signer] of Object.entries(callers)) {
        if (role === wanted) continue;
        const call = as(w, signer).getFunction(name);
        await expect(call(...inputs.map(emptyValue)), `${name} by ${role}`)
          .to.be.revertedWithCustomError(w.exchange, error)
          .withArgs(signer.address);
      }
    }
  });

  it("hands ownership over in two steps", async () => {
    const w = world();
    await mined(as(w, w.owner).transferOwnership(w.bob.address));
    expect(await w.exchange.owner()).to.equal(w.owner.address);
    await mined(as(w, w.bob).acceptOwnership());
    expect(await w.exchange.owner()).to.equal(w.bob.address);
  });

  it("lets the owner name another operator", async () => {
    const w = world();
    const sent = as(w, w.owner).setOperator(w.bob.address);
    await expect(sent).to.emit(w.exchange, "OperatorChanged").withArgs(w.operator.address, w.bob.address);
    expect(await w.exchange.operator()).to.equal(w.bob.address);
    await expect(as(w, w.owner).setOperator(ZeroAddress)).to.be.revertedWithCustomError(w.exchange, "ZeroAddress");
  });

  it("lets the owner set deposit limits that can be met", async () => {
    const w = world();
    await expect(as(w, w.owner).setDepositLimits(5n, 5n)).to.emit(w.exchange, "DepositLimitsChanged").withArgs(5n, 5n);
    expect((await w.exchange.depositLimits()).toArray()).to.deep.equal([5n, 5n]);
    for (const [minimum, cap] of [
      [0n, 5n],
      [6n, 5n],
    ] as const) {
      await expect(as(w, w.owner).setDepositLimits(minimum, cap))
        .to.be.revertedWithCustomError(w.exchange, "InvalidDepositLimits")
        .withArgs(minimum, cap);
    }
  });

  it("gives a tier its verifier once", async () => {
    const w = await deployWorld("TestDollar", { verifiers: [] });
    const [first, second] = w.verifiers;
    if (first === undefined || second === undefined) throw new Error("no verifiers");
    const address = await first.getAddress();
    await expect(as(w, w.owner).addVerifier(2, address)).to.emit(w.exchange, "VerifierAdded").withArgs(2n, address);
    expect(await w.exchange.verifierOf(2)).to.equal(address);
    expect(await w.exchange.verifierOf(0)).to.equal(ZeroAddress);
    await expect(as(w, w.owner).addVerifier(2, await second.getAddress()))
      .to.be.revertedWithCustomError(w.exchange, "VerifierAlreadySet")
      .withArgs(2n, address);
    await expect(as(w, w.owner).addVerifier(3, address))
      .to.be.revertedWithCustomError(w.exchange, "UnknownTier")
      .withArgs(3n);
    await expect(as(w, w.owner).addVerifier(1, ZeroAddress)).to.be.revertedWithCustomError(w.exchange, "ZeroAddress");
  });

  it("can be deployed with some tiers left out", async () => {
    const w = world();
    const verifier = await (w.verifiers[1] ?? w.token).getAddress();
    const setup = await setupOf(w, { verifiers: [ZeroAddress, verifier] });
    const exchange = await ethers.deployContract("Exchange", [setup]);
    expect(await exchange.getFunction("verifierOf")(0)).to.equal(ZeroAddress);
    expect(await exchange.getFunction("verifierOf")(1)).to.equal(verifier);
  });

  it("cannot be deployed with an address or a limit missing, or a verifier for no tier", async () => {
    const w = world();
    const verifier = await (w.verifiers[0] ?? w.token).getAddress();
    const refusals: [Partial<Setup>, string][] = [
      [{ token: ZeroAddress }, "ZeroAddress"],
      [{ oracle: ZeroAddress }, "ZeroAddress"],
      [{ registry: ZeroAddress }, "ZeroAddress"],
      [{ registry: await w.registry.getAddress() }, "RegistryOfAnotherExchange"],
      [{ oracle: await w.oracle.getAddress() }, "OracleOfAnotherRegistry"],
      [{ operator: ZeroAddress }, "ZeroAddress"],
      [{ insuranceOwner: ZeroAddress }, "ZeroAddress"],
      [{ owner: ZeroAddress }, "OwnableInvalidOwner"],
      [{ minimumDepositMicroUsd: 0n }, "InvalidDepositLimits"],
      [{ minimumDepositMicroUsd: 2n }, "InvalidDepositLimits"],
      [{ verifiers: [ZeroAddress, ZeroAddress, ZeroAddress, verifier] }, "UnknownTier"],
    ];
    for (const [changes, error] of refusals) {
      const setup = await setupOf(w, changes);
      await expect(ethers.deployContract("Exchange", [setup])).to.be.revertedWithCustomError(w.exchange, error);
    }
  });

  it("cannot be deployed with a token whose unit is not the micro-USD", async () => {
    const w = world();
    const token = await (await ethers.deployContract("EighteenDecimals")).getAddress();
    await expect(ethers.deployContract("Exchange", [await setupOf(w, { token })]))
      .to.be.revertedWithCustomError(w.exchange, "TokenDecimals")
      .withArgs(6n, 18n);
  });

  it("fits the size that a chain allows, as do oracle and registry", async function () {
    skipWhenInstrumented(this);
    const w = world();
    for (const contract of [w.exchange, w.oracle, w.registry]) {
      const code = await ethers.provider.getCode(await contract.getAddress());
      expect(code.length / 2 - 1).to.be.below(24_577);
    }
  });
});

/** A value of the type, all zero. */
function emptyValue(type: FunctionFragment["inputs"][number]): unknown {
  if (type.baseType === "array") {
    const length = type.arrayLength ?? 0;
    return Array.from({ length: Math.max(0, length) }, () => emptyValue(type.arrayChildren ?? type));
  }
  if (type.baseType === "tuple") return (type.components ?? []).map(emptyValue);
  if (type.type === "address") return ZeroAddress;
  if (type.type === "bool") return false;
  if (type.type === "bytes") return "0x";
  if (type.type.startsWith("bytes")) return `0x${"00".repeat(Number(type.type.slice(5)))}`;
  return 0n;
}
