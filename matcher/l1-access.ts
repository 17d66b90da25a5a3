import { type JsonRpcProvider, Wallet } from "ethers";
import { EXCHANGE, PRICE_ORACLE } from "./chain/contract-interfaces.ts";
import type { Deployment } from "./chain/deployment.ts";
import { connectL1 } from "./chain/provider.ts";
import { domainOf } from "./protocol/message-hash.ts";

/** The way to L1, and what was read there. */
export interface L1Access {
  readonly provider: JsonRpcProvider;
  readonly wallet: Wallet;
  /** Of signed messages. */
  readonly domain: bigint;
  /** Of price reports. */
  readonly signers: readonly string[];
  readonly threshold: number;
}

/** Connects to L1 and makes sure that it is the one we are meant for. @throws Error in one sentence */
export async function accessL1(
  { chainId, exchange, ...deployment }: Deployment,
  operatorKey: string,
): Promise<L1Access> {
  const provider = await connectL1(deployment.rpcUrl, chainId);
  try {
    const wallet = new Wallet(operatorKey);
    const ask = async (to: string, contract: typeof EXCHANGE, method: string) =>
      contract.decodeFunctionResult(method, await provider.call({ to, data: contract.encodeFunctionData(method) }));
    if ((await provider.getCode(exchange)) === "0x") {
      throw new Error(
        `There is no contract at ${exchange}: the deployment belongs to another chain or an earlier run of it.`,
      );
    }
    // The contract says who the operator is: keys are rotated, files stay behind.
    const [operator] = await ask(exchange, EXCHANGE, "operator");
    if (wallet.address !== operator) {
      throw new Error(`The operator's key is that of ${wallet.address}, but the Exchange's operator is ${operator}.`);
    }
    const domain = domainOf(chainId, exchange);
    const [domainOnChain] = await ask(exchange, EXCHANGE, "domain");
    if (domainOnChain !== domain)
      throw new Error(`The Exchange at ${exchange} has another domain of messages than ours.`);
    const [signers] = await ask(deployment.oracle, PRICE_ORACLE, "signers");
    const [threshold] = await ask(deployment.oracle, PRICE_ORACLE, "threshold");
    return { provider, wallet, domain, signers: [...signers], threshold: Number(threshold) };
  } catch (error) {
    provider.destroy();
    throw error;
  }
}
