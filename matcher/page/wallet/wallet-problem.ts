import { Unreachable } from "../../sdk/http.ts";

/** What went wrong with a wallet, the contracts or the exchange, as one sentence that says what to do. */
export function problemText(error: unknown): string {
  const codes = codesOf(error);
  if (codes.has(4001) || codes.has("ACTION_REJECTED")) return "You declined it in the wallet. Nothing was changed.";
  if (codes.has(4100)) return "The wallet does not let this page use that account: connect again.";
  if (codes.has(-32002)) return "The wallet has a request of this page open already: answer it there.";
  if (codes.has(4900) || codes.has(4901)) return "The wallet is not connected to the chain: look at its network.";
  if (codes.has("INSUFFICIENT_FUNDS")) return "The wallet has not enough ether to pay for the transaction.";
  if (codes.has("NETWORK_ERROR")) return "The wallet's network has changed meanwhile: try again.";
  if (error instanceof Unreachable) {
    return "The exchange does not answer. What was sent may have been taken: the lists will say when it is back.";
  }
  if (error instanceof Error) return withoutCode(error);
  const { message } = (typeof error === "object" && error !== null ? error : {}) as { message?: unknown };
  return typeof message === "string" && message !== ""
    ? message
    : "The wallet answered with an error that it did not name.";
}

/** A refusal of the exchange begins with its code, which is for programs. */
function withoutCode(error: Error): string {
  const shortMessage = (error as { shortMessage?: unknown }).shortMessage;
  const text = typeof shortMessage === "string" ? shortMessage : error.message;
  return text.replace(/^[A-Z][A-Z_]+: /, "");
}

/** Libraries put what a wallet says into errors of their own, in several places. */
function codesOf(error: unknown, depth = 0): Set<unknown> {
  if (typeof error !== "object" || error === null || depth > 4) return new Set();
  const { code, error: inner, info, cause, data } = error as Record<string, unknown>;
  const found = new Set<unknown>([code]);
  for (const nested of [inner, info, cause, data]) for (const one of codesOf(nested, depth + 1)) found.add(one);
  return found;
}

/** Whether the wallet does not know a chain that it is asked to go to. */
export function isUnknownChain(error: unknown): boolean {
  return codesOf(error).has(4902) || (codesOf(error).has(-32603) && /chain/i.test(problemText(error)));
}
