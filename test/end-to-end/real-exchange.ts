import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { type ContractTransactionReceipt, type ContractTransactionResponse, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { readLog } from "../../matcher/chain/l1-event.ts";
import { signReport } from "../../matcher/oracle/report-signer.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import type { RegistrationPoint } from "../../matcher/protocol/keys.ts";
import type { ChainedEntry } from "../../matcher/protocol/queue-chain.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { devnetParameters } from "../../scripts/devnet/risk-parameters.ts";
import { verifierName } from "../../scripts/generate.ts";
import { deployEpochSources } from "../contracts/epoch-sources.ts";
import type { ExchangeContract, TokenContract } from "../contracts/exchange-world.ts";
import { deployExchange } from "../contracts/linked-exchange.ts";

export type Connection = Awaited<ReturnType<typeof network.create>>;

/** One thing that is done on L1. The same list on another chain, or with another Exchange, gives the same queue and epochs. */
export type L1Action =
  | { readonly kind: "register"; readonly wallet: number; readonly point: RegistrationPoint }
  | { readonly kind: "deposit"; readonly wallet: number; readonly account: number; readonly amountMicroUsd: bigint }
  | {
      readonly kind: "epoch";
      readonly timeSeconds: number;
      readonly pricesTicks: readonly number[];
      readonly fundingDeltasPicoUsd: readonly bigint[];
    };

/** An Exchange with its real verifiers, oracle and token. */
export interface RealExchange {
  readonly connection: Connection;
  readonly chainId: number;
  readonly address: string;
  readonly exchange: ExchangeContract;
  readonly token: TokenContract;
  readonly oracle: string;
  /** By tier; the zero address where the tier has none. */
  readonly verifiers: readonly string[];
  readonly owner: HardhatEthersSigner;
  readonly operator: HardhatEthersSigner;
  readonly reporter: HardhatEthersSigner;
  /** Wallets of traders. */
  readonly wallets: readonly HardhatEthersSigner[];
}

/** Histories are proven days after their time on the chain. */
const REQUEST_DEADLINE_SECONDS = 315_360_000;
const MINIMUM_DEPOSIT_MICRO_USD = 1_000_000n;
const DEPOSIT_CAP_MICRO_USD = 1_000_000_000_000n;

/** A fresh chain in this process. Its addresses are the same under every chain id. */
export function connect(chainId: number): Promise<Connection> {
  return network.create({ override: { chainId } });
}

/** Deploys verifiers, token, registry, oracle and an Exchange; with `beside`, a second Exchange that shares verifiers and token. */
export async function deployReal(connection: Connection, beside?: RealExchange): Promise<RealExchange> {
  const { ethers } = connection;
  const [owner, operator, insuranceOwner, reporter, ...wallets] = (await ethers.getSigners()) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    ...HardhatEthersSigner[],
  ];
  const deploy = async (name: string, ...values: unknown[]) => ethers.deployContract(name, values);
  const verifiers: string[] = [];
  for (const tier of TIERS) {
    if (beside !== undefined) verifiers.push(beside.verifiers[tier.id] as string);
    else verifiers.push(tier.name === "test" ? ZeroAddress : await (await deploy(verifierName(tier))).getAddress());
  }
  const token = beside?.token ?? ((await deploy("TestDollar")) as unknown as TokenContract);
  const { contracts, addresses } = await deployEpochSources(owner, (name, args) => ethers.deployContract(name, args), [
    reporter.address,
  ]);
  const exchange = (await deployExchange(ethers, {
    token: await token.getAddress(),
    ...addresses,
    requestDeadlineSeconds: REQUEST_DEADLINE_SECONDS,
    operator: operator.address,
    insuranceOwner: insuranceOwner.address,
    minimumDepositMicroUsd: MINIMUM_DEPOSIT_MICRO_USD,
    depositCapMicroUsd: DEPOSIT_CAP_MICRO_USD,
    requestFeeWei: 0n,
    verifiers,
  })) as unknown as ExchangeContract;
  await mined(contracts.registry.getFunction("appendParameters")(devnetParameters()));
  const { chainId } = await ethers.provider.getNetwork();
  return {
    connection,
    chainId: Number(chainId),
    address: await exchange.getAddress(),
    exchange,
    token,
    oracle: addresses.oracle,
    verifiers,
    owner,
    operator,
    reporter,
    wallets,
  };
}

/** Waits for the transaction. @throws what it reverts with */
export async function mined(sent: Promise<ContractTransactionResponse>): Promise<ContractTransactionReceipt> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("the transaction was not mined");
  return receipt;
}

async function blockTimeSeconds({ connection }: RealExchange): Promise<number> {
  return Number((await connection.ethers.provider.getBlock("latest"))?.timestamp);
}

async function openEpoch(real: RealExchange, action: Extract<L1Action, { kind: "epoch" }>): Promise<void> {
  const { exchange, operator, reporter, chainId, oracle, connection } = real;
  const { timeSeconds, pricesTicks, fundingDeltasPicoUsd } = action;
  const { number } = await exchange.latestEpoch.staticCall();
  const round = Number(number) + 1;
  const { signature } = await signReport(reporter, { chainId, oracle }, { round, timeSeconds, pricesTicks });
  if (timeSeconds > (await blockTimeSeconds(real))) {
    await connection.ethers.provider.send("evm_setNextBlockTimestamp", [timeSeconds]);
  }
  const opening = {
    round: { number: round, timeSeconds, reports: [{ pricesTicks, signature }] },
    timeSeconds,
    journalHead: 0xabcn,
    paramVersion: 1,
    fundingDeltasPicoUsd,
  };
  await mined((exchange.connect(operator) as ExchangeContract).openEpoch(opening));
}

/** Does these things on L1, one transaction after the other. */
export async function perform(real: RealExchange, actions: readonly L1Action[]): Promise<void> {
  for (const action of actions) {
    if (action.kind === "epoch") {
      await openEpoch(real, action);
      continue;
    }
    const wallet = real.wallets[action.wallet] as HardhatEthersSigner;
    const exchange = real.exchange.connect(wallet) as ExchangeContract;
    if (action.kind === "register") {
      await mined(exchange.register(action.point.qx, action.point.qy));
      continue;
    }
    const token = real.token.connect(wallet) as TokenContract;
    await mined(token.mint(wallet.address, action.amountMicroUsd));
    await mined(token.approve(real.address, action.amountMicroUsd));
    await mined(exchange.deposit(action.account, action.amountMicroUsd));
  }
}

/** What the Exchange's logs say that happened on L1. */
export async function readL1(real: RealExchange): Promise<{ entries: ChainedEntry[]; epochs: OpenedEpoch[] }> {
  const { provider } = real.connection.ethers;
  const entries: ChainedEntry[] = [];
  const epochs: OpenedEpoch[] = [];
  for (const log of await provider.getLogs({ address: real.address, fromBlock: 0, toBlock: "latest" })) {
    const event = readLog(log);
    if (event?.type === "queue") entries.push(event.entry);
    if (event?.type === "epoch") epochs.push(event.epoch);
  }
  return { entries, epochs };
}
