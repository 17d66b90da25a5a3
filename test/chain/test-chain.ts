import { Contract, type JsonRpcProvider, Wallet } from "ethers";
import hre from "hardhat";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import { connectL1 } from "../../matcher/chain/provider.ts";
import { signReport } from "../../matcher/oracle/report-signer.ts";
import { RoundCollector } from "../../matcher/oracle/round-collector.ts";
import { EXCHANGE_ABI, TEST_DOLLAR_ABI } from "../../matcher/protocol/abi.ts";
import type { ReportedRound } from "../../matcher/protocol/price-report.ts";
import type { Tier } from "../../matcher/protocol/spec.ts";
import { deployContracts } from "../../scripts/devnet/deploy-contracts.ts";
import { devnetKeys, devnetWallet } from "../../scripts/devnet/wallets.ts";

export const CHAIN_ID = 31337;
export const PRICES_TICKS: readonly number[] = [650_000, 300_000, 150_000, 15_000, 0, 0, 0, 0];

/** A chain of its own behind a real JSON-RPC server, with everything deployed, verifiers only if they are asked for. */
export interface TestChain {
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;
  /** A trader's Exchange contract. */
  readonly exchange: Contract;
  readonly token: Contract;
  readonly trader: Wallet;
  rpc(method: string, ...params: unknown[]): Promise<unknown>;
  mine(blocks: number): Promise<void>;
  close(): Promise<void>;
}

/** @param tiers whose verifiers are deployed */
export async function startTestChain(network = "default", tiers: readonly Tier[] = []): Promise<TestChain> {
  const server = await hre.network.createServer({ network }, "127.0.0.1", 0);
  const { port } = await server.listen();
  const rpcUrl = `http://127.0.0.1:${port}`;
  const provider = await connectL1(rpcUrl, CHAIN_ID);
  const deployment = await deployContracts({ provider, rpcUrl, chainId: CHAIN_ID, keys: devnetKeys(), tiers });
  const trader = new Wallet(devnetWallet(7).privateKey, provider);
  const rpc = (method: string, ...params: unknown[]) => provider.send(method, params);
  return {
    provider,
    deployment,
    exchange: new Contract(deployment.exchange, EXCHANGE_ABI, trader),
    token: new Contract(deployment.token, TEST_DOLLAR_ABI, trader),
    trader,
    rpc,
    mine: async (blocks) => {
      await rpc("hardhat_mine", `0x${blocks.toString(16)}`);
    },
    close: async () => {
      provider.destroy();
      const closed = server.afterClosed();
      await server.close();
      await closed;
    },
  };
}

/** A round signed by two of the devnet's three signers, as many as it takes. */
export async function signedRound(
  { oracle }: Pick<Deployment, "oracle">,
  timeSeconds: number,
  pricesTicks: readonly number[] = PRICES_TICKS,
): Promise<ReportedRound> {
  const keys = devnetKeys();
  const signers = [new Wallet(keys.oracleSigner), new Wallet(keys.oracleSigner2)];
  const context = { chainId: CHAIN_ID, oracle };
  const addresses = signers.map(({ address }) => address);
  const collector = new RoundCollector(context, { signers: addresses, threshold: signers.length });
  let round: ReportedRound | undefined;
  for (const signer of signers) {
    round = collector.offer(await signReport(signer, context, { round: timeSeconds, timeSeconds, pricesTicks }));
  }
  if (round === undefined) throw new Error("two reports are a round here");
  return round;
}

/** Asks until the answer is there. @throws Error naming what was waited for. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined> | T | undefined, limitMs = 10_000) {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`${what} did not come`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}
