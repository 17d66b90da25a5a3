import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Contract, Wallet } from "ethers";
import { groth16, wtns } from "snarkjs";
import solc from "solc";
import { type Deployment, readDeployment } from "../../matcher/chain/deployment.ts";
import { EXCHANGE_ABI, MARKET_REGISTRY_ABI, PRICE_ORACLE_ABI } from "../../matcher/protocol/abi.ts";
import { DEV_CHAIN_IDS } from "../../matcher/protocol/spec.ts";
import { calldataOf } from "../../matcher/prover/groth16/proof.ts";
import type { FinishedCeremony } from "../../scripts/ceremony/finalize-ceremony.ts";
import { BUILT_CONTRACTS, type ContractSource, standardJsonInput } from "../../scripts/deployment/contract-source.ts";
import {
  type DeployExchangeOptions,
  deployExchange,
  planDeployment,
} from "../../scripts/deployment/deploy-exchange.ts";
import { devnetDeploymentParameters } from "../../scripts/deployment/deployment-parameters.ts";
import { DEPLOYMENT_PROFILES } from "../../scripts/deployment/deployment-profile.ts";
import type { DeploymentRecord } from "../../scripts/deployment/deployment-record.ts";
import { JsonRpcNode } from "../../scripts/deployment/json-rpc-node.ts";
import { SentTransactions } from "../../scripts/deployment/sent-transactions.ts";
import { SigningProvider } from "../../scripts/deployment/signing-provider.ts";
import { devnetKeys } from "../../scripts/devnet/wallets.ts";
import { accessManagerAbi } from "../../scripts/governance/openzeppelin.ts";
import { ADMIN_ROLE, GOVERNANCE_ROLES, ROLE_NAMES } from "../../scripts/governance/roles.ts";
import { contractsWith } from "../fixtures/ceremony-contracts.ts";
import { holdSmallCeremony } from "../fixtures/small-ceremony.ts";
import { buildFixture, fixtureInput } from "../prover/fixture-circuit.ts";
import {
  DEPLOYER_KEY,
  type DeploymentChain,
  ownAddress,
  SMALL_TIER,
  separateParameters,
  startDeploymentChain,
} from "./deployment-world.ts";

const USD_COIN = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
/** Verifier, manager, timelock, registry, oracle, escape, Exchange, first parameters, wiring. */
const LIVE_TRANSACTIONS = 10;

describe("A deployment", () => {
  let root: string;
  let finished: FinishedCeremony;
  let contracts: ContractSource;
  const chains: DeploymentChain[] = [];

  before("a ceremony for the small circuit", async () => {
    root = mkdtempSync(join(tmpdir(), "clearbook-deployment-"));
    finished = await holdSmallCeremony(root);
    contracts = contractsWith("small", finished.verifierPath);
  });
  after(async () => {
    for (const chain of chains) await chain.close();
    rmSync(root, { recursive: true });
  });

  async function chainOf(chainId: number): Promise<DeploymentChain> {
    const chain = await startDeploymentChain(chainId);
    chains.push(chain);
    return chain;
  }

  function liveOptions(name: "testnet" | "production", chain: DeploymentChain, token: string): DeployExchangeOptions {
    const profile = DEPLOYMENT_PROFILES[name];
    return {
      // Nobody mines on a chain of a test but its transactions.
      profile: { ...profile, confirmations: 1, collateral: { ...profile.collateral, 31337: [ownAddress(90)] } },
      parameters: separateParameters(token),
      rpcUrl: chain.rpcUrl,
      chainId: chain.chainId,
      deployerKey: DEPLOYER_KEY,
      tiers: [SMALL_TIER],
      ceremonies: join(root, "finished"),
      contracts,
    };
  }

  /** Who may do what, and after which delay, read from the chain. */
  async function expectGoverned(chain: DeploymentChain, deployment: Deployment, options: DeployExchangeOptions) {
    const { governance } = options.profile;
    const manager = new Contract(deployment.authority, accessManagerAbi(), chain.provider);
    for (const role of ROLE_NAMES) {
      const { holders } = options.parameters;
      const [isMember, delay] = await manager.getFunction("hasRole")(GOVERNANCE_ROLES[role], holders[role]);
      expect(isMember, role).to.equal(true);
      expect(Number(delay), role).to.equal(governance.delaysSeconds[role]);
    }
    const deployer = new Wallet(options.deployerKey).address;
    const [isStillAdmin] = await manager.getFunction("hasRole")(ADMIN_ROLE, deployer);
    expect(isStillAdmin).to.equal(governance.adminDelaySeconds === 0);
    for (const [address, abi] of [
      [deployment.exchange, EXCHANGE_ABI],
      [deployment.registry, MARKET_REGISTRY_ABI],
      [deployment.oracle, PRICE_ORACLE_ABI],
    ] as const) {
      expect(await new Contract(address, abi, chain.provider).getFunction("authority")()).to.equal(
        deployment.authority,
      );
    }
  }

  describe("of a devnet", () => {
    it("has everybody's keys, the owner in every role, and the development verifiers", async () => {
      const chain = await chainOf(DEV_CHAIN_IDS[1]);
      const keys = devnetKeys();
      const options: DeployExchangeOptions = {
        profile: DEPLOYMENT_PROFILES.devnet,
        parameters: devnetDeploymentParameters(keys),
        rpcUrl: chain.rpcUrl,
        chainId: chain.chainId,
        deployerKey: keys.owner,
        tiers: [SMALL_TIER],
        contracts: BUILT_CONTRACTS,
      };
      const { deployment, record } = await deployExchange(planDeployment(options), chain.provider);
      await expectGoverned(chain, deployment, options);
      expect(deployment.insecureDevKeys).to.equal(true);
      expect(record.keys).to.deep.equal([{ tier: "small", ceremony: null }]);
      const exchange = new Contract(deployment.exchange, EXCHANGE_ABI, chain.provider);
      expect(await exchange.getFunction("verifierOf")(SMALL_TIER.tier.id)).to.equal(deployment.verifiers.small);
      expect(await exchange.getFunction("token")()).to.equal(deployment.token);
    });
  });

  describe("of a testnet", () => {
    it("has the ceremony's verifier, which proves and is bound to no chain; its deployer keeps no power", async () => {
      const chain = await chainOf(31337);
      await chain.placeToken(ownAddress(90));
      const live = liveOptions("testnet", chain, ownAddress(90));
      const signers = live.parameters.oracleSigners.slice(0, 3);
      const options = { ...live, parameters: { ...live.parameters, oracleSigners: signers } };
      const { deployment, record } = await deployExchange(planDeployment(options), chain.provider);
      await expectGoverned(chain, deployment, options);
      expect(deployment.insecureDevKeys).to.equal(false);
      expect(record.keys[0]!.ceremony!.zkeySha256).to.equal(finished.manifest.zkeySha256);
      const { abi } = contracts.read("ceremony/SmallCeremonyVerifier.sol/SmallCeremonyVerifier");
      const verifier = new Contract(deployment.verifiers.small as string, abi as never, chain.provider);
      expect(await verifier.getFunction("isInsecureDevKey")()).to.equal(false);
      const witness = { type: "mem" as const };
      const { wasmPath } = await buildFixture();
      await wtns.calculate(fixtureInput([3n, 5n, 7n], 11n), wasmPath, witness);
      const { proof, publicSignals } = await groth16.prove(finished.zkeyPath, witness);
      const { a, b, c } = calldataOf(proof);
      expect(await verifier.getFunction("verifyBatch")(a, b, c, publicSignals)).to.equal(true);
      expect(await verifier.getFunction("verifyBatch")(a, b, c, publicSignals.with(2, "906"))).to.equal(false);
    });
  });

  describe("of production", () => {
    let chain: DeploymentChain;
    let whole: Deployment;
    let out: string;
    let snapshot: string;

    before(async () => {
      chain = await chainOf(1);
      await chain.placeToken(USD_COIN);
      snapshot = await chain.provider.send("evm_snapshot", []);
    });

    it("holds the allow-listed token, and writes down where everything is", async () => {
      out = join(root, "whole");
      const options = { ...liveOptions("production", chain, USD_COIN), out };
      ({ deployment: whole } = await deployExchange(planDeployment(options), chain.provider));
      await expectGoverned(chain, whole, options);
      expect(readDeployment(join(out, "deployment.json"))).to.deep.equal(whole);
      expect(whole).to.include({ token: USD_COIN, chainId: 1, insecureDevKeys: false });
      const deployer = new Wallet(DEPLOYER_KEY).address;
      expect(await chain.provider.getTransactionCount(deployer)).to.equal(LIVE_TRANSACTIONS);
    });

    it("does nothing when it is run again", async () => {
      const options = { ...liveOptions("production", chain, USD_COIN), out };
      const { deployment } = await deployExchange(planDeployment(options), chain.provider);
      expect(deployment).to.deep.equal(whole);
      expect(await chain.provider.getTransactionCount(new Wallet(DEPLOYER_KEY).address)).to.equal(LIVE_TRANSACTIONS);
    });

    it("refuses the folder of another deployment", async () => {
      const options = { ...liveOptions("production", chain, USD_COIN), out };
      const other = { ...options.parameters, operator: ownAddress(70) };
      const plan = planDeployment({ ...options, parameters: other });
      const said = await deployExchange(plan, chain.provider).catch((error: Error) => error.message);
      expect(said).to.match(/^The folder has the beginning of another deployment/);
    });

    it("exports what an explorer needs: each contract's input compiles to the deployed code, arguments included", async () => {
      const text = readFileSync(join(out, "deployment-record.json"), "utf8");
      const record = JSON.parse(text) as DeploymentRecord;
      expect(record.contracts.map(({ name }) => name)).to.deep.equal([
        "SmallCeremonyVerifier",
        "Epochs",
        "AccessManager",
        "TimelockController",
        "MarketRegistry",
        "PriceOracle",
        "Escape",
        "Exchange",
      ]);
      for (const { address, standardJson, constructorArguments } of record.contracts) {
        expect(await chain.provider.getCode(address)).to.not.equal("0x");
        expect(existsSync(join(out, "verification", standardJson))).to.equal(true);
        expect(constructorArguments).to.match(/^([0-9a-f]{64})*$/);
      }
      for (const name of ["SmallCeremonyVerifier", "MarketRegistry"]) {
        const contract = record.contracts.find((entry) => entry.name === name)!;
        const input = readFileSync(join(out, "verification", contract.standardJson), "utf8");
        const [file = "", contractName = ""] = contract.qualifiedName.split(":");
        const { evm } = JSON.parse(solc.compile(input)).contracts[file][contractName];
        const sent = await creationOf(contract.address);
        expect(sent).to.equal(`0x${evm.bytecode.object}${contract.constructorArguments}`);
      }
    });

    async function creationOf(address: string): Promise<string> {
      for (let number = await chain.provider.getBlockNumber(); number > 0; number--) {
        const block = await chain.provider.getBlock(number, true);
        for (const { hash, data } of block?.prefetchedTransactions ?? []) {
          if ((await chain.provider.getTransactionReceipt(hash))?.contractAddress === address) return data;
        }
      }
      throw new Error(`nothing created ${address}`);
    }

    /** Where a process can die on a transaction's way: Ignition asks for it, it is signed and written down, the node has it. */
    const DEATHS = [
      "before it is signed",
      "before it is sent",
      "before the answer comes",
      "before its receipt is there",
    ] as const;

    /** A signer that answers and does nothing any more from the moment of its death on, as a process that died. */
    function dying(out: string, death: (typeof DEATHS)[number], transaction: number) {
      const died = Promise.withResolvers<void>();
      const never = () => {
        died.resolve();
        return new Promise<never>(() => {});
      };
      let asked = 0;
      const node = new JsonRpcNode(chain.rpcUrl);
      const ask = async (method: string, params: readonly unknown[] | object): Promise<unknown> => {
        const last = death === "before its receipt is there" ? "eth_getTransactionReceipt" : "eth_sendRawTransaction";
        if (method !== last || asked < transaction) return node.ask(method, params);
        if (death === "before the answer comes") await node.ask(method, params);
        return never();
      };
      const { chainId } = chain;
      const sent = new SentTransactions(out);
      const signer = new SigningProvider({ node: { ask }, chainId, privateKey: DEPLOYER_KEY, sent });
      const request = (call: { method: string; params?: readonly unknown[] | object }) => {
        const isLast = call.method === "eth_sendTransaction" && ++asked === transaction;
        return isLast && death === "before it is signed" ? never() : signer.request(call);
      };
      return { died: died.promise, signer: { address: signer.address, request } };
    }

    for (const death of DEATHS) {
      for (const transaction of [1, LIVE_TRANSACTIONS]) {
        it(`goes on where its process died: ${death}, transaction ${transaction} of ${LIVE_TRANSACTIONS}`, async () => {
          await chain.provider.send("evm_revert", [snapshot]);
          snapshot = await chain.provider.send("evm_snapshot", []);
          const folder = join(root, `${death} ${transaction}`);
          const plan = planDeployment({ ...liveOptions("production", chain, USD_COIN), out: folder });
          const { died, signer } = dying(folder, death, transaction);
          void deployExchange({ ...plan, signer }, chain.provider);
          await died;
          const { deployment } = await deployExchange(plan, chain.provider);
          expect({ ...deployment, firstBlock: 0 }).to.deep.equal({ ...whole, firstBlock: 0 });
          expect(await chain.provider.getTransactionCount(plan.signer.address)).to.equal(LIVE_TRANSACTIONS);
          expect(readDeployment(join(folder, "deployment.json"))).to.deep.equal(deployment);
        });
      }
    }

    it("goes on when the power failed inside a line of its journal", async () => {
      for (const cutBytes of [1, 40]) {
        await chain.provider.send("evm_revert", [snapshot]);
        snapshot = await chain.provider.send("evm_snapshot", []);
        const folder = join(root, `cut-${cutBytes}`);
        const plan = planDeployment({ ...liveOptions("production", chain, USD_COIN), out: folder });
        const { died, signer } = dying(folder, "before its receipt is there", 3);
        void deployExchange({ ...plan, signer }, chain.provider);
        await died;
        const journal = join(folder, "ignition", "journal.jsonl");
        const text = readFileSync(journal, "utf8").trimEnd();
        writeFileSync(journal, text.slice(0, -cutBytes));
        const { deployment } = await deployExchange(plan, chain.provider);
        expect(deployment.exchange).to.equal(whole.exchange);
        expect(await chain.provider.getTransactionCount(plan.signer.address)).to.equal(LIVE_TRANSACTIONS);
      }
    });

    it("is refused by the Exchange itself when the deployer sent something else meanwhile", async () => {
      await chain.provider.send("evm_revert", [snapshot]);
      snapshot = await chain.provider.send("evm_snapshot", []);
      const plan = planDeployment({ ...liveOptions("production", chain, USD_COIN), out: join(root, "disturbed") });
      let asked = 0;
      const signer = {
        address: plan.signer.address,
        request: async (call: { method: string; params?: readonly unknown[] | object }): Promise<unknown> => {
          if (call.method === "eth_sendTransaction" && ++asked === 3) throw new Error("interrupted");
          return plan.signer.request(call);
        },
      };
      const stopped = await deployExchange({ ...plan, signer }, chain.provider).catch((error: Error) => error.message);
      expect(stopped).to.match(/interrupted/);
      const deployer = new Wallet(DEPLOYER_KEY, chain.provider);
      await (await deployer.sendTransaction({ to: ownAddress(71), value: 1n })).wait();
      const said = await deployExchange(plan, chain.provider).catch((error: Error) => error.message);
      expect(said).to.match(/^The deployment stopped: Clearbook#Exchange: .*\w+OfAnotherExchange/);
    });
  });

  it("has a compiler's input with no more sources than the contract imports", () => {
    const artifact = BUILT_CONTRACTS.read("TestDollar.sol/TestDollar");
    const { sources } = standardJsonInput(artifact, BUILT_CONTRACTS.compilerRun(artifact));
    const names = Object.keys(sources);
    expect(names).to.include("project/contracts/generated/Protocol.sol");
    expect(names.some((name) => name.endsWith("ERC20Permit.sol"))).to.equal(true);
    expect(names.some((name) => name.endsWith("Exchange.sol"))).to.equal(false);
  });
});
