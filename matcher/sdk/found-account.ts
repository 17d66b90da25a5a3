import { addressNumber } from "../protocol/abi-word.ts";
import type { WireMarkets } from "../protocol/api-wire.ts";
import type { Http } from "./http.ts";

/** @throws Error when the server is that of another chain or exchange */
export function requirePlace(
  { chainId, exchange }: WireMarkets,
  expected: { chainId: number; exchange: string } | undefined,
): void {
  if (expected === undefined) return;
  if (chainId === expected.chainId && addressNumber(exchange) === addressNumber(expected.exchange)) return;
  throw new Error(
    `the API serves exchange ${exchange} on chain ${chainId}, not ${expected.exchange} on ${expected.chainId}`,
  );
}

/** Accounts of an L1 owner. @throws Error without one */
export async function accountsOf(http: Http, owner: string | undefined): Promise<number[]> {
  if (owner === undefined) throw new Error("give the account's index or its owner");
  return (await http.get<{ accounts: number[] }>("/v1/accounts", { owner })).accounts;
}
