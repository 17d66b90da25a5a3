import type { JsonRpcProvider } from "ethers";
import { EscapeRefused } from "../../matcher/escape/escape-refused.ts";
import type { EscapeRun } from "../../matcher/escape/escape-run.ts";
import type { EscapeView } from "../../matcher/escape/escape-view.ts";
import { usdFromMicroUsd } from "../../matcher/protocol/decimal.ts";
import { rebuildState } from "../../matcher/rebuild/rebuild-state.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";

export interface WholeEscape {
  readonly provider: JsonRpcProvider;
  readonly chainId: number;
  readonly exchange: string;
  /** Freeze it, when it is overdue and nobody did. */
  readonly freeze: boolean;
  /** Send nothing. */
  readonly look: boolean;
}

const usd = (microUsd: bigint) => `${usdFromMicroUsd(microUsd)} USD`;
const wait = (seconds: number) => `${Math.max(0, seconds)} s from now`;

/** How things stand, in sentences. */
export function standing(view: EscapeView): string[] {
  const { frozen, headDeadlineSeconds, nowSeconds, claimsCloseSeconds, lateCloseSeconds } = view;
  if (!frozen) {
    if (headDeadlineSeconds === undefined) return ["The exchange runs, and nothing waits in its queue."];
    return headDeadlineSeconds < nowSeconds
      ? ["The head of the exchange's queue is overdue: anybody may freeze it (--freeze)."]
      : [
          `The exchange runs. The head of its queue is overdue ${wait(headDeadlineSeconds + 1 - nowSeconds)}, unless it is served.`,
        ];
  }
  if (claimsCloseSeconds === undefined || lateCloseSeconds === undefined)
    return [`The exchange is frozen; ${view.hasState ? "prices are" : "its state is"} to be pinned next.`];
  const { poolMicroUsd: pool, filedMicroUsd: filed } = view;
  const lines = [`The pool has ${usd(pool)}, and claims of ${usd(filed)} were filed in time.`];
  if (nowSeconds < claimsCloseSeconds)
    lines.push(`Claims close, and are paid, ${wait(claimsCloseSeconds - nowSeconds)}: run this again then.`);
  else if (nowSeconds < lateCloseSeconds)
    lines.push(`The insurance fund may be paid ${wait(lateCloseSeconds - nowSeconds)}.`);
  return lines;
}

/** Does all that can be done now. @returns how things stand then. @throws EscapeRefused, RebuildRefused */
export async function escapeEverything(run: EscapeRun, options: WholeEscape): Promise<string[]> {
  const { provider, chainId, exchange, freeze, look } = options;
  if (!look && freeze) await run.freeze();
  const view = await run.view();
  if (look) return standing(view);
  if (!view.frozen) throw new EscapeRefused(standing(view).join(" "));
  // What is frozen does not change any more: the rebuild of now is that of ever.
  const hash = await buildFastPoseidon();
  const state = await rebuildState({ provider, chainId, exchange, hash, keepEpochsSeconds: view.priceWindowSeconds });
  const worth = await run.worth(state);
  await run.pin(state, worth);
  await run.file(state, worth);
  await run.pay();
  await run.reclaim(state);
  const paid = await run.claim(state);
  const lines = [...paid].map(([owner, amount]) => `${owner} was paid ${usd(amount)}.`);
  return [...lines, ...standing(await run.view())];
}
