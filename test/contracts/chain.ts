import type { BaseContract, ContractMethod, ContractTransactionReceipt, ContractTransactionResponse } from "ethers";
import { network } from "hardhat";

/** One simulated chain for all contract tests: each test goes back to the state that its file began with. */
export const { ethers } = await network.create();

/** A contract whose functions are known by name. */
export type Callable<Names extends string> = BaseContract & { readonly [Name in Names]: ContractMethod };

export async function blockTimeSeconds(): Promise<number> {
  const block = await ethers.provider.getBlock("latest");
  return Number(block?.timestamp);
}

/** Gives the next block this time. */
export async function setNextBlockTime(timeSeconds: number): Promise<void> {
  await ethers.provider.send("evm_setNextBlockTimestamp", [timeSeconds]);
}

/** Waits for the transaction. @throws what it reverts with */
export async function mined(sent: Promise<ContractTransactionResponse>): Promise<ContractTransactionReceipt> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("the transaction was not mined");
  return receipt;
}
