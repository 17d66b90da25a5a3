import { Refusal } from "../supervisor/refusal.ts";

/** Asked without a provider: one of ethers would go on trying for ever when nothing answers. @throws Refusal when nothing does */
export async function chainIdOf(url: string): Promise<number> {
  try {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(10_000) });
    const { result } = (await answer.json()) as { result: string };
    return Number(BigInt(result));
  } catch {
    throw new Refusal(`No chain answers at ${url}.`);
  }
}
