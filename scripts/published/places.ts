import { readFileSync } from "node:fs";
import { isAddress, JsonRpcProvider } from "ethers";
import { Refusal } from "../supervisor/refusal.ts";

/** What a running devnet leaves for others to find it. */
const DEVNET = "build/devnet/urls.json";

/** A flag, or what a running devnet left; undefined without either. */
export function knownPlace(name: "api" | "rpc" | "exchange", given: string | undefined): string | undefined {
  if (given !== undefined) return given;
  try {
    const value = (JSON.parse(readFileSync(DEVNET, "utf8")) as Record<string, unknown>)[name];
    return typeof value === "string" ? value : undefined;
  } catch {
    // There is no devnet to find.
    return undefined;
  }
}

/** The same where it must be known. @throws Refusal */
export function requiredPlace(name: "api" | "rpc" | "exchange", given: string | undefined): string {
  const place = knownPlace(name, given);
  if (place !== undefined) return place;
  throw new Refusal(`No devnet was started here (${DEVNET} does not tell): pass --${name}.`);
}

/** @throws Refusal unless it is digits */
export function wholeNumber(text: string, flag: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Refusal(`${flag} needs a whole number, not "${text}".`);
  return Number(text);
}

/** Asked by hand: a provider of ethers would go on trying for ever when nothing answers. */
async function chainIdOf(rpc: string): Promise<number> {
  try {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(rpc, { method: "POST", headers, body, signal: AbortSignal.timeout(10_000) });
    const { result } = (await answer.json()) as { result: string };
    return Number(BigInt(result));
  } catch {
    throw new Refusal(`No chain answers at ${rpc}.`);
  }
}

/** Runs something that reads an exchange's logs. @throws Refusal when there is no such chain or contract */
export async function onChain<T>(
  rpc: string,
  exchange: string,
  read: (provider: JsonRpcProvider, chainId: number) => Promise<T>,
): Promise<T> {
  if (!isAddress(exchange)) throw new Refusal(`--exchange needs an address, not "${exchange}".`);
  const chainId = await chainIdOf(rpc);
  const provider = new JsonRpcProvider(rpc, chainId, { staticNetwork: true, batchMaxCount: 1 });
  try {
    if ((await provider.getCode(exchange)) === "0x")
      throw new Refusal(`There is no contract at ${exchange} on ${rpc}.`);
    return await read(provider, chainId);
  } finally {
    provider.destroy();
  }
}
