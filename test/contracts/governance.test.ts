import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { governanceFaults } from "../../scripts/governance/inspection.ts";
import { GOVERNANCE_PROFILES } from "../../scripts/governance/profile.ts";
import { ADMIN_ROLE, GOVERNANCE_ROLES, type GovernanceRole, ROLE_NAMES } from "../../scripts/governance/roles.ts";
import { type Governance, wireGovernance } from "../../scripts/governance/wiring.ts";
import { blockTimeSeconds, type Callable, ethers, mined, setNextBlockTime } from "./chain.ts";
import { as, deployWorld, type OracleContract, type RegistryContract, useWorld, type World } from "./exchange-world.ts";

type Manager = Callable<
  | "canCall"
  | "cancel"
  | "execute"
  | "getSchedule"
  | "grantRole"
  | "hashOperation"
  | "hasRole"
  | "multicall"
  | "schedule"
  | "setRoleGuardian"
  | "setTargetFunctionRole"
>;
type Timelock = Callable<"execute" | "getMinDelay" | "schedule" | "updateDelay">;

const PROFILE = GOVERNANCE_PROFILES.production;

interface Governed extends World {
  manager: Manager;
  timelock: Timelock;
  governance: Governance;
  holders: Record<GovernanceRole, HardhatEthersSigner>;
  council: HardhatEthersSigner;
}

/** As a production deployment leaves it. */
async function prepare(): Promise<Governed> {
  const w = await deployWorld();
  const signers = await ethers.getSigners();
  const holders = Object.fromEntries(ROLE_NAMES.map((role, i) => [role, signers[10 + i]])) as Governed["holders"];
  const council = signers[9] as HardhatEthersSigner;
  const people = [[council.address], [council.address], ZeroAddress] as const;
  const timelock = (await ethers.deployContract("TimelockController", [
    PROFILE.adminDelaySeconds,
    ...people,
  ])) as unknown as Timelock;
  const authority = await w.exchange.authority();
  const governance: Governance = {
    authority,
    contracts: {
      exchange: w.address,
      registry: await w.registry.getAddress(),
      oracle: await w.oracle.getAddress(),
    },
    holders: Object.fromEntries(ROLE_NAMES.map((role) => [role, holders[role].address])) as Governance["holders"],
    admin: await timelock.getAddress(),
  };
  await wireGovernance(governance, PROFILE, w.owner);
  const manager = (await ethers.getContractAt("AccessManager", authority)) as unknown as Manager;
  return { ...w, manager, timelock, governance, holders, council };
}

describe("Governance of a production deployment", () => {
  const world = useWorld(prepare) as () => Governed;

  const by = (w: Governed, signer: HardhatEthersSigner) => w.manager.connect(signer) as Manager;
  /** What a role would call, as the manager takes it. */
  const setOperator = (w: Governed, to: string) => w.exchange.interface.encodeFunctionData("setOperator", [to]);

  it("is what the profile says, to whoever asks L1", async () => {
    const w = world();
    expect(await governanceFaults(ethers.provider, w.governance, PROFILE, 0)).to.deep.equal([]);
  });

  it("leaves no admin without delay: not the deployer, nor the council but through the timelock", async () => {
    const w = world();
    for (const signer of [w.owner, w.council, ...Object.values(w.holders)]) {
      expect(await w.manager.hasRole(ADMIN_ROLE, signer.address)).to.deep.equal([false, 0n]);
    }
    const grant = [GOVERNANCE_ROLES.verifiers, w.stranger.address, 0] as const;
    for (const signer of [w.owner, w.council]) {
      await expect(by(w, signer).grantRole(...grant)).to.be.revertedWithCustomError(
        w.manager,
        "AccessManagerUnauthorizedAccount",
      );
    }
    // Nor can anybody make it shorter.
    await expect((w.timelock.connect(w.council) as Timelock).updateDelay(0)).to.be.revertedWithCustomError(
      w.timelock,
      "TimelockUnauthorizedCaller",
    );
  });

  it("lets the council hand out roles after the timelock's delay, and not a second before", async () => {
    const w = world();
    const grant = w.manager.interface.encodeFunctionData("grantRole", [GOVERNANCE_ROLES.fees, w.bob.address, 0]);
    const council = w.timelock.connect(w.council) as Timelock;
    const call = [w.governance.authority, 0n, grant, ZeroHash, ZeroHash] as const;
    await mined(council.schedule(...call, PROFILE.adminDelaySeconds));
    const ready = (await blockTimeSeconds()) + PROFILE.adminDelaySeconds;
    await setNextBlockTime(ready - 1);
    await expect(council.execute(...call)).to.be.revertedWithCustomError(
      w.timelock,
      "TimelockUnexpectedOperationState",
    );
    await setNextBlockTime(ready);
    await mined(council.execute(...call));
    expect(await w.manager.hasRole(GOVERNANCE_ROLES.fees, w.bob.address)).to.deep.equal([true, 0n]);
    expect(await governanceFaults(ethers.provider, w.governance, PROFILE, 0)).to.deep.equal([
      `${w.bob.address} holds role fees, too.`,
    ]);
  });

  it("renews the pause by the timelock alone", async () => {
    const w = world();
    const { registry } = w;
    await mined((registry.connect(w.holders.guardian) as RegistryContract).pause());
    for (const signer of [w.holders.guardian, w.holders.parameters, w.council, w.owner]) {
      await expect((registry.connect(signer) as RegistryContract).renewPause())
        .to.be.revertedWithCustomError(registry, "NotAuthorized")
        .withArgs(signer.address, 0n);
    }
    const { interface: functions } = registry;
    const renew = functions.encodeFunctionData("renewPause");
    const viaManager = w.manager.interface.encodeFunctionData("execute", [w.governance.contracts.registry, renew]);
    const call = [w.governance.authority, 0n, viaManager, ZeroHash, ZeroHash] as const;
    const council = w.timelock.connect(w.council) as Timelock;
    await mined(council.schedule(...call, PROFILE.adminDelaySeconds));
    await setNextBlockTime((await blockTimeSeconds()) + PROFILE.adminDelaySeconds);
    await mined(council.execute(...call));
    expect(await registry.isPauseSpent()).to.equal(false);
  });

  it("names an operator through the manager, after the delay, and not a second before", async () => {
    const w = world();
    const holder = w.holders.operatorNaming;
    const delay = PROFILE.delaysSeconds.operatorNaming;
    await expect(as(w, holder).setOperator(w.bob.address))
      .to.be.revertedWithCustomError(w.exchange, "NotAuthorized")
      .withArgs(holder.address, BigInt(delay));
    const call = [w.address, setOperator(w, w.bob.address)] as const;
    await expect(by(w, holder).execute(...call)).to.be.revertedWithCustomError(w.manager, "AccessManagerNotScheduled");
    await mined(by(w, holder).schedule(...call, 0));
    const ready = (await blockTimeSeconds()) + delay;
    await setNextBlockTime(ready - 1);
    await expect(by(w, holder).execute(...call)).to.be.revertedWithCustomError(w.manager, "AccessManagerNotReady");
    // The schedule alone gives nobody else the right, and the right no other way.
    await expect(as(w, holder).setOperator(w.bob.address)).to.be.revertedWithCustomError(w.exchange, "NotAuthorized");
    await setNextBlockTime(ready);
    await mined(by(w, holder).execute(...call));
    expect(await w.exchange.operator()).to.equal(w.bob.address);
    await expect(by(w, holder).execute(...call)).to.be.revertedWithCustomError(w.manager, "AccessManagerNotScheduled");
  });

  it("lets role veto cancel what a stolen key has scheduled, and nobody else but that key", async () => {
    const w = world();
    const holder = w.holders.verifiers;
    const verifier = await (w.verifiers[1] ?? w.token).getAddress();
    const call = [w.address, w.exchange.interface.encodeFunctionData("retireVerifier", [1, verifier])] as const;
    await mined(by(w, holder).schedule(...call, 0));
    for (const signer of [w.stranger, w.owner, w.holders.guardian, w.holders.operatorNaming]) {
      await expect(by(w, signer).cancel(holder.address, ...call)).to.be.revertedWithCustomError(
        w.manager,
        "AccessManagerUnauthorizedCancel",
      );
    }
    await mined(by(w, w.holders.veto).cancel(holder.address, ...call));
    await setNextBlockTime((await blockTimeSeconds()) + PROFILE.delaysSeconds.verifiers);
    await expect(by(w, holder).execute(...call)).to.be.revertedWithCustomError(w.manager, "AccessManagerNotScheduled");
    // The very key that scheduled it may cancel it, too.
    await mined(by(w, holder).schedule(...call, 0));
    await mined(by(w, holder).cancel(holder.address, ...call));
  });

  it("lets no role schedule what is another's", async () => {
    const w = world();
    const call = [w.address, setOperator(w, w.bob.address)] as const;
    for (const role of ROLE_NAMES.filter((name) => name !== "operatorNaming")) {
      await expect(by(w, w.holders[role]).schedule(...call, 0), role).to.be.revertedWithCustomError(
        w.manager,
        "AccessManagerUnauthorizedCall",
      );
    }
  });

  it("exchanges a verifier in one transaction, after the longest delay of a role", async () => {
    const w = world();
    const holder = w.holders.verifiers;
    const old = await (w.verifiers[1] ?? w.token).getAddress();
    const next = await (await ethers.deployContract("ExpectedInputsVerifier", [true])).getAddress();
    const calls = [
      w.exchange.interface.encodeFunctionData("addVerifier", [1, next]),
      w.exchange.interface.encodeFunctionData("retireVerifier", [1, old]),
    ];
    const all = (name: string, ...rest: unknown[]) =>
      by(w, holder).multicall(
        calls.map((call) => w.manager.interface.encodeFunctionData(name, [w.address, call, ...rest])),
      );
    await mined(all("schedule", 0));
    const ready = (await blockTimeSeconds()) + PROFILE.delaysSeconds.verifiers;
    await setNextBlockTime(ready - 1);
    await expect(all("execute")).to.be.revertedWithCustomError(w.manager, "AccessManagerNotReady");
    await setNextBlockTime(ready);
    await mined(all("execute"));
    expect(await w.exchange.verifierOf(1)).to.equal(next);
    expect((await w.exchange.successionOf(1)).toArray()).to.deep.equal([ZeroAddress, 0n]);
  });

  it("lets the guardian pause at once", async () => {
    const w = world();
    await mined((w.registry.connect(w.holders.guardian) as RegistryContract).pause());
    expect(await w.registry.isPaused()).to.equal(true);
  });

  it("answers for signers and bounds with the oracle's role", async () => {
    const w = world();
    const holder = w.holders.oracle;
    const oracle = w.oracle.connect(holder) as OracleContract;
    await expect(oracle.setSigners([w.bob.address], 1))
      .to.be.revertedWithCustomError(w.oracle, "NotAuthorized")
      .withArgs(holder.address, BigInt(PROFILE.delaysSeconds.oracle));
  });

  describe("is found out when it is otherwise", () => {
    const faults = (w: Governed, changes: Partial<Governance> = {}, profile = PROFILE) =>
      governanceFaults(ethers.provider, { ...w.governance, ...changes }, profile, 0);

    it("in delays", async () => {
      const w = world();
      const delaysSeconds = { ...PROFILE.delaysSeconds, parameters: 3 * 86_400 };
      expect(await faults(w, {}, { ...PROFILE, delaysSeconds })).to.deep.equal([
        `Role parameters waits ${PROFILE.delaysSeconds.parameters} s, not ${3 * 86_400} s.`,
      ]);
      expect(await faults(w, {}, { ...PROFILE, adminDelaySeconds: PROFILE.adminDelaySeconds + 1 })).to.deep.equal([
        `The admin waits ${PROFILE.adminDelaySeconds} s, not ${PROFILE.adminDelaySeconds + 1} s.`,
      ]);
    });

    it("in holders", async () => {
      const w = world();
      const holders = { ...w.governance.holders, guardian: w.bob.address };
      expect(await faults(w, { holders })).to.deep.equal([
        `${w.holders.guardian.address} holds role guardian, too.`,
        `${w.bob.address} does not hold role guardian.`,
      ]);
    });

    it("in the admin, and in functions that are given to other roles", async () => {
      const w = await deployWorld();
      const contracts = {
        exchange: w.address,
        registry: await w.registry.getAddress(),
        oracle: await w.oracle.getAddress(),
      };
      const { timelock, governance: intended } = world();
      const authority = await w.exchange.authority();
      const governance = { ...intended, authority, contracts, admin: await timelock.getAddress() };
      await wireGovernance({ ...governance, admin: w.owner.address }, PROFILE, w.owner);
      const manager = (await ethers.getContractAt("AccessManager", authority)) as unknown as Manager;
      await mined(manager.setRoleGuardian(GOVERNANCE_ROLES.fees, ADMIN_ROLE));
      const { interface: functions } = w.registry;
      const { selector } = functions.getFunction("renewPause") ?? { selector: "0x" };
      await mined(manager.setTargetFunctionRole(contracts.registry, [selector], GOVERNANCE_ROLES.guardian));
      expect(await governanceFaults(ethers.provider, governance, PROFILE, 0)).to.deep.equal([
        "What role fees has scheduled can be cancelled by others than role veto.",
        "renewPause belongs to role 7, not to the admin.",
        `${governance.admin} is not the admin.`,
        `${w.owner.address} is admin, too.`,
      ]);
    });
  });
});
