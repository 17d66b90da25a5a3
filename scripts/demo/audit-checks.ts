import type { JsonRpcProvider } from "ethers";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import type { HeldReceipt } from "../../matcher/protocol/held-receipt.ts";
import type { ClearbookClient } from "../../matcher/sdk/client.ts";
import { readPublishedJournal } from "../audit/published-journal.ts";
import { readServedDigests } from "../audit/served-digests.ts";
import { type AuditVerdict, auditReceipts } from "../audit/verdict.ts";
import type { CheckList } from "./check-list.ts";

export interface AuditContext {
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;
  readonly apiUrl: string;
  readonly clients: readonly ClearbookClient[];
}

/** How far the clocks of the matcher and of the chain may be apart. */
const TOLERANCE_SECONDS = 60;

/** The traders' receipts against L1 and the journal that the matcher serves; then the same with an operator who lies about one of them. */
export async function checkReceipts(list: CheckList, context: AuditContext): Promise<void> {
  const { provider, deployment, apiUrl, clients } = context;
  const { chainId, exchange, firstBlock } = deployment;
  const held = (await Promise.all(clients.map(({ receipts }) => receipts.all()))).flat();
  const published = await readPublishedJournal(provider, exchange, firstBlock);
  const digests = await readServedDigests(apiUrl);
  const place = { chainId, exchange };
  const audit = (change: Partial<Parameters<typeof auditReceipts>[0]> = {}): AuditVerdict =>
    auditReceipts({ held, place, published, digests, toleranceSeconds: TOLERANCE_SECONDS, ...change });

  const verdict = audit();
  list.check(
    `the audit of ${held.length} receipts, ${published.epochs.length} epochs and ${published.batches.length} batches finds nothing`,
    held.length > 0 && digests !== null && verdict.findings.length === 0,
    verdict.findings.map(({ sentence }) => sentence).join(" "),
  );
  const fixed = verdict.counts.find(([what]) => what === "of these fixed by a head on L1")?.[1];
  list.equal("a head on L1 fixes the place of every one of them", held.length, fixed ?? 0);
  const [victim] = held as [HeldReceipt, ...HeldReceipt[]];
  const { command } = victim.receipt;
  const without = digests === null ? null : { ...digests, digests: digests.digests.toSpliced(command - 1, 1) };
  const kinds = new Set(audit({ digests: without }).findings.map(({ kind }) => kind));
  list.check(
    `a journal without command ${command} does not pass: it is named, and L1's heads are not that journal's`,
    kinds.has("unknown-head") && (kinds.has("missing") || kinds.has("altered")),
    [...kinds].join(),
  );
}
