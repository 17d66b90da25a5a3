import { expect } from "chai";
import { type FunctionFragment, Interface, ZeroAddress } from "ethers";
import { artifacts } from "hardhat";
import { ethers } from "./chain.ts";
import { deployEpochSources, REQUEST_DEADLINE_SECONDS } from "./epoch-sources.ts";
import { as, deployWorld, type Setup, useWorld, type World } from "./exchange-world.ts";
import { skipWhenInstrumented } from "./instrumented.ts";

async function setupOf(w: World, changes: Partial<Setup> = {}): Promise<Setup> {
  const { addresses } = await deployEpochSources(w.owner, (name, args) => ethers.deployContract(name, args), [
    w.reporter.address,
  ]);
  return {
    token: await w.token.getAddress(),
    ...addresses,
    requestDeadlineSeconds: REQUEST_DEADLINE_SECONDS,
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
  const CALLERS: Record<string, "anybody" | "role" | "operator" | "escape"> = {
    addVerifier: "role",
    claim: "anybody",
    collectFees: "role",
    creditEscape: "escape",
    deposit: "anybody",
    depositWithPermit: "anybody",
    freeze: "anybody",
    openEpoch: "operator",
    reclaimDeposit: "anybody",
    register: "anybody",
    retireVerifier: "role",
    setDepositLimits: "role",
    setOperator: "role",
    settleBatches: "operator",
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
    const callers = { role: w.owner, operator: w.operator, stranger: w.stranger };
    const { abi } = await artifacts.readArtifact("Exchange");
    for (const fragment of new Interface(abi).fragments) {
      if (fragment.type !== "function") continue;
      const { name, inputs } = fragment as FunctionFragment;
      const wanted = CALLERS[name];
      if (wanted === undefined || wanted === "anybody") continue;
      const errors: Record<string, string> = { operator: "NotOperator", escape: "NotEscape" };
      for (const [role, signer] of Object.entries(callers)) {
        if (role === wanted) continue;
        const call = as(w, signer).getFunction(name);
        const refused = expect(call(...inputs.map(emptyValue)), `${name} by ${role}`).to.be.revertedWithCustomError(
          w.exchange,
          errors[wanted] ?? "NotAuthorized",
        );
        await (wanted === "role" ? refused.withArgs(signer.address, 0n) : refused.withArgs(signer.address));
      }
    }
  });

  it("lets governance name another operator", async () => {
    const w = world();
    const sent = as(w, w.owner).setOperator(w.bob.address);
    await expect(sent).to.emit(w.exchange, "OperatorChanged").withArgs(w.operator.address, w.bob.address);
    expect(await w.exchange.operator()).to.equal(w.bob.address);
    await expect(as(w, w.owner).setOperator(ZeroAddress)).to.be.revertedWithCustomError(w.exchange, "ZeroAddress");
  });

  it("lets governance set deposit limits that can be met", async () => {
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
      [{ escape: ZeroAddress }, "ZeroAddress"],
      [{ escape: await w.escape.getAddress() }, "EscapeOfAnotherExchange"],
      [{ requestDeadlineSeconds: 0 }, "NoRequestDeadline"],
      [{ operator: ZeroAddress }, "ZeroAddress"],
      [{ insuranceOwner: ZeroAddress }, "ZeroAddress"],
      [{ authority: ZeroAddress }, "InvalidAuthority"],
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
