import { expect } from "chai";
import { type FunctionFragment, Interface, type Signer } from "ethers";
import { artifacts } from "hardhat";
import { Point } from "../../matcher/protocol/curve.ts";
import { GOVERNANCE_PROFILES } from "../../scripts/governance/profile.ts";
import { ADMIN_ROLE, type GovernanceRole, ROLE_NAMES } from "../../scripts/governance/roles.ts";
import { wireGovernance } from "../../scripts/governance/wiring.ts";
import { settle } from "./batches.ts";
import { ethers, mined } from "./chain.ts";
import { openEpoch } from "./epochs.ts";
import { as, deployWorld, fund, readQueue, type World } from "./exchange-world.ts";

/** OpenZeppelin's, deployed as they are. */
const GOVERNANCE_CONTRACTS = ["AccessManager", "TimelockController"];
/** The collateral is whoever's it is: play money on a devnet. */
const TOKEN = "TestDollar";
const TIMELOCK_SECONDS = 5;

/** What a function may change of `Holdings`, and by what right. One that is not here may change nothing. */
const RIGHTS: Readonly<Record<string, readonly (keyof Holdings)[]>> = {
  // Brings the caller's own money.
  "Exchange.deposit": ["balance", "vault"],
  "Exchange.depositWithPermit": ["balance", "vault"],
  // Pays an owner its own.
  "Exchange.claim": ["balance", "vault", "claimable"],
  // The exchange's own fees.
  "Exchange.collectFees": ["vault", "claimable"],
  // By the signatures of enough signers.
  "PriceOracle.submitRound": ["prices"],
  "Exchange.openEpoch": ["prices", "epoch"],
  // By proof.
  "Exchange.settleBatches": ["balance", "vault", "claimable", "root"],
};

interface Holdings {
  balance: string;
  vault: string;
  claimable: string;
  root: string;
  prices: string;
  epoch: string;
  owners: string;
}

interface Target {
  readonly name: string;
  readonly address: string;
  readonly interface: Interface;
}

interface Caller {
  readonly name: string;
  readonly address: string;
  readonly signer: Signer;
}

interface Scene {
  readonly world: World;
  readonly targets: readonly Target[];
  readonly callers: readonly Caller[];
}

/** Money everywhere where there can be some, prices, and every role with somebody, who waits for nothing. */
async function scene(): Promise<Scene> {
  const w = await deployWorld();
  const { x, y } = Point.BASE.toAffine();
  await mined(as(w, w.alice).register(x, y));
  await fund(w, w.alice, 300_000_000n);
  await mined(as(w, w.alice).deposit(1, 200_000_000n));
  await readQueue(w);
  await openEpoch(w);
  const withdrawals = [{ owner: w.alice.address, amountMicroUsd: 50_000_000n }];
  await settle(w, { tier: 2, queueCount: 3, withdrawals, feeDeltaPicoUsd: 7_000_000_000_000n });
  await mined(as(w, w.alice).deposit(1, 100_000_000n));
  await fund(w, w.stranger, 5_000_000n);

  const signers = await ethers.getSigners();
  const holders = Object.fromEntries(ROLE_NAMES.map((role, i) => [role, signers[10 + i]?.address])) as Record<
    GovernanceRole,
    string
  >;
  const council = signers[9];
  if (council === undefined) throw new Error("too few signers");
  const timelock = await ethers.deployContract("TimelockController", [
    TIMELOCK_SECONDS,
    [council.address],
    [council.address],
    w.owner.address,
  ]);
  const authority = await w.exchange.authority();
  const contracts = {
    exchange: w.address,
    registry: await w.registry.getAddress(),
    oracle: await w.oracle.getAddress(),
  };
  const admin = w.owner.address;
  await wireGovernance({ authority, contracts, holders, admin }, GOVERNANCE_PROFILES.devnet, w.owner);

  const places: Record<string, string> = {
    Exchange: contracts.exchange,
    MarketRegistry: contracts.registry,
    PriceOracle: contracts.oracle,
    Escape: await w.escape.getAddress(),
    AccessManager: authority,
    TimelockController: await timelock.getAddress(),
  };
  const targets: Target[] = [];
  for (const name of await contractsThatWrite()) {
    const address = places[name];
    if (address === undefined) throw new Error(`${name} has functions that write: say here where it is deployed`);
    targets.push({ name, address, interface: new Interface((await artifacts.readArtifact(name)).abi) });
  }
  const callers = [
    ...ROLE_NAMES.map((role, i) => ({ name: role, signer: signers[10 + i] })),
    { name: `role ${ADMIN_ROLE}`, signer: w.owner },
    { name: "council", signer: council },
    { name: "operator", signer: w.operator },
    { name: "insurance owner", signer: w.insuranceOwner },
    { name: "oracle signer", signer: w.reporter },
    { name: "trader", signer: w.alice },
    { name: "stranger", signer: w.stranger },
  ].map(({ name, signer }) => {
    if (signer === undefined) throw new Error(`nobody is ${name}`);
    return { name, signer, address: signer.address };
  });
  return { world: w, targets, callers };
}

/** Names of all contracts of ours, and of OpenZeppelin's that we deploy, that have a function which writes. */
async function contractsThatWrite(): Promise<string[]> {
  const names: string[] = [];
  for (const qualified of await artifacts.getAllFullyQualifiedNames()) {
    const { abi, bytecode, contractName } = await artifacts.readArtifact(qualified);
    const isOurs = qualified.startsWith("contracts/") && !qualified.startsWith("contracts/test/");
    if (!isOurs && !GOVERNANCE_CONTRACTS.includes(contractName)) continue;
    if (bytecode === "0x" || contractName === TOKEN || writing(new Interface(abi)).length === 0) continue;
    names.push(contractName);
  }
  return names;
}

function writing(contract: Interface): FunctionFragment[] {
  return contract.fragments
    .filter((fragment): fragment is FunctionFragment => fragment.type === "function")
    .filter(({ stateMutability }) => stateMutability !== "view" && stateMutability !== "pure");
}

async function holdings({ world: w, callers }: Scene): Promise<Holdings> {
  const words = (answer: unknown) => String(answer);
  const claims = await Promise.all(callers.map(({ address }) => w.exchange.claimable(address)));
  return {
    balance: words(await w.token.balanceOf(w.address)),
    vault: words(await w.exchange.vault()),
    claimable: words(claims),
    root: words(await w.exchange.sharedStateHash()),
    prices: words([await w.oracle.prices(), await w.oracle.latestRound()]),
    epoch: words([
      await w.exchange.latestEpoch(),
      await w.exchange.epochHash(1),
      await w.exchange.settledOpenInterest(),
    ]),
    owners: words([await w.exchange.accountOwner(0), await w.exchange.accountOwner(1)]),
  };
}

type Parameter = FunctionFragment["inputs"][number];

/** Values that a function might take, all of one mood. */
function sampleOf(type: Parameter, name: string, mood: Mood): unknown {
  if (type.baseType === "array") {
    const length = type.arrayLength === -1 || type.arrayLength === null ? mood.length : (type.arrayLength ?? 0);
    return Array.from({ length }, () => sampleOf(type.arrayChildren ?? type, name, mood));
  }
  if (type.baseType === "tuple") return (type.components ?? []).map((part) => sampleOf(part, part.name, mood));
  if (type.type === "address") return /target/i.test(name) ? mood.target : mood.address;
  if (type.type === "string") return "";
  if (type.type === "bool") return mood.number !== 0n;
  if (type.type === "bytes") return mood.data;
  if (type.type.startsWith("bytes"))
    return `0x${mood.number.toString(16).padStart(2 * Number(type.type.slice(5)), "0")}`;
  // Enough for a deposit, so that what moves money by right is among what is tried.
  return name === "amountMicroUsd" ? 2_000_000n * mood.number : mood.number;
}

interface Mood {
  readonly number: bigint;
  readonly length: number;
  readonly address: string;
  readonly target: string;
  readonly data: string;
}

describe("Powers", function () {
  this.timeout(120_000);
  let set: Scene;
  before(async () => {
    set = await scene();
  });

  /** What a caller would try: nothing, small things, and to make others send it the money. */
  async function moods(caller: Caller): Promise<Mood[]> {
    const { token, exchange } = set.world;
    const steal = token.interface.encodeFunctionData("transfer", [caller.address, 1n]);
    const claim = exchange.interface.encodeFunctionData("claim", [caller.address]);
    const tokenAddress = await token.getAddress();
    return [
      { number: 0n, length: 0, address: caller.address, target: tokenAddress, data: "0x" },
      { number: 1n, length: 1, address: caller.address, target: tokenAddress, data: steal },
      { number: 7n, length: 1, address: set.world.address, target: set.world.address, data: claim },
    ];
  }

  /** Sends it, and says what it changed of what nobody may just set; undefined when it was refused, and so changed nothing. */
  async function effect(caller: Caller, target: Target, data: string, before: Holdings) {
    const snapshot = await ethers.provider.send("evm_snapshot", []);
    try {
      const sent = await caller.signer.sendTransaction({ to: target.address, data, gasLimit: 5_000_000 });
      await sent.wait();
    } catch {
      await ethers.provider.send("evm_revert", [snapshot]);
      return undefined;
    }
    const after = await holdings(set);
    await ethers.provider.send("evm_revert", [snapshot]);
    return (Object.keys(before) as (keyof Holdings)[]).filter((key) => before[key] !== after[key]);
  }

  it("nobody can set a balance, a price, a root or an account's owner: every function, from everybody", async () => {
    const before = await holdings(set);
    const taken = new Map<string, number>();
    for (const target of set.targets) {
      for (const fragment of writing(target.interface)) {
        const name = `${target.name}.${fragment.name}`;
        for (const caller of set.callers) {
          for (const mood of await moods(caller)) {
            const values = fragment.inputs.map((input) => sampleOf(input, input.name, mood));
            const data = target.interface.encodeFunctionData(fragment, values);
            const changed = await effect(caller, target, data, before);
            if (changed === undefined) continue;
            taken.set(name, (taken.get(name) ?? 0) + 1);
            const rights = RIGHTS[name] ?? [];
            expect(
              changed.filter((key) => !rights.includes(key)),
              `${name} by the ${caller.name}`,
            ).to.deep.equal([]);
          }
        }
      }
    }
    // The test has reached what can be reached without signatures and proofs: it is no row of refusals.
    for (const name of ["claim", "deposit", "setOperator", "setDepositLimits"]) {
      expect(taken.get(`Exchange.${name}`) ?? 0, name).to.be.greaterThan(0);
    }
    for (const name of ["pause", "renewPause"]) expect(taken.get(`MarketRegistry.${name}`), name).to.equal(3);
    expect(taken.get("AccessManager.grantRole") ?? 0).to.be.greaterThan(0);
    expect(taken.get("PriceOracle.setSigners") ?? 0).to.be.greaterThan(0);
  });

  it("no contract knows a function beyond its interface, and none takes a transaction without one", async () => {
    const before = await holdings(set);
    for (const target of set.targets) {
      for (const data of ["0x", "0x12345678", `0x${"ff".repeat(36)}`]) {
        const [caller] = set.callers;
        // The timelock takes Ether, as it is made to be able to pay with it.
        if (caller === undefined || (target.name === "TimelockController" && data === "0x")) continue;
        expect(await effect(caller, target, data, before), `${target.name} ${data}`).to.equal(undefined);
      }
    }
  });

  it("gives every role its own functions and no other's", async () => {
    const { world: w } = set;
    const parameters = (await w.registry.parameters(1)).toObject(true);
    const calls: Record<string, { role: string; target: string; data: string }> = {};
    const call = (
      role: string,
      contract: { interface: Interface },
      target: string,
      name: string,
      ...values: unknown[]
    ) => {
      calls[name] = { role, target, data: contract.interface.encodeFunctionData(name, values) };
    };
    const [registry, oracle] = [await w.registry.getAddress(), await w.oracle.getAddress()];
    const verifier = await (w.verifiers[0] ?? w.token).getAddress();
    const bounds = { maxAgeSeconds: 1, deviationBasePpm: 1, deviationGrowthPpmPerSecond: 1 };
    call("parameters", w.registry, registry, "appendParameters", parameters);
    call("markets", w.registry, registry, "appendMarkets", parameters);
    call("guardian", w.registry, registry, "pause");
    call(`role ${ADMIN_ROLE}`, w.registry, registry, "renewPause");
    call("oracle", w.oracle, oracle, "setSigners", [w.stranger.address], 1);
    call("oracle", w.oracle, oracle, "setBounds", 0, bounds);
    call("parameters", w.exchange, w.address, "setDepositLimits", 1n, 2n);
    call("operatorNaming", w.exchange, w.address, "setOperator", w.stranger.address);
    call("verifiers", w.exchange, w.address, "retireVerifier", 0, verifier);
    call("fees", w.exchange, w.address, "collectFees", w.model.sharedState, w.stranger.address);
    const before = await holdings(set);
    for (const [name, { role, target: address, data }] of Object.entries(calls)) {
      const target = set.targets.find((known) => known.address === address) as Target;
      const allowed: string[] = [];
      for (const caller of set.callers) {
        if ((await effect(caller, target, data, before)) !== undefined) allowed.push(caller.name);
      }
      expect(allowed, name).to.deep.equal([role]);
    }
  });
});
