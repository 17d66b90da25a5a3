/**
 * What the batch circuit's parts cost: each template compiled alone as the tiers use it, non-linear constraints at --O2.
 * Compiled through the same content cache as the tiers, so a second look costs nothing.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildCircuit, REPOSITORY_ROOT } from "./build-circuit.ts";

export interface CircuitPart {
  name: string;
  /** File below circuits/. */
  file: string;
  /** Template call. */
  call: string;
}

/** The large tier's shape: 16 account slots to choose from, 4 levels below the registers. */
export const CIRCUIT_PARTS: readonly CircuitPart[] = [
  { name: "signed row", file: "rows/signed-row.circom", call: "SignedRow(16, 0)" },
  { name: "signed row that may withdraw", file: "rows/signed-row.circom", call: "SignedRow(16, 1)" },
  { name: "— signature", file: "lib/signature.circom", call: "SignatureOf()" },
  { name: "— signed word and its hash", file: "rows/signed-word.circom", call: "SignedWord()" },
  { name: "— execution bounds", file: "rows/execution.circom", call: "Execution()" },
  { name: "— slot replay", file: "rows/slot-replay.circom", call: "SlotReplay()" },
  { name: "— order-slot path", file: "lib/merkle.circom", call: "PathUpdate(4)" },
  { name: "account slot", file: "rows/account-slot.circom", call: "AccountSlot()" },
  { name: "— leaf hash (twice)", file: "encoding/account-leaf.circom", call: "AccountLeaf()" },
  { name: "— valid transition", file: "risk/valid-transition.circom", call: "ValidTransition()" },
  { name: "— size growth", file: "risk/size-growth.circom", call: "SizeGrowth()" },
  { name: "— margin (twice)", file: "risk/margin.circom", call: "Margin()" },
  { name: "account tree of 1, full path", file: "rows/account-tree.circom", call: "AccountTree(1)" },
  { name: "account tree of 1, registers", file: "rows/account-tree.circom", call: "AccountTreeRegisters(1)" },
  { name: "account tree of 2, registers", file: "rows/account-tree.circom", call: "AccountTreeRegisters(2)" },
  { name: "liquidation row", file: "rows/liquidation-row.circom", call: "LiquidationRow(16)" },
  { name: "liquidation bounds", file: "risk/liquidation-bounds.circom", call: "LiquidationBounds(16)" },
  { name: "request", file: "rows/request.circom", call: "Request(16)" },
  { name: "request bounds", file: "risk/request-bounds.circom", call: "RequestBounds(16)" },
  { name: "liquidation terms", file: "rows/liquidation-terms.circom", call: "LiquidationTerms()" },
  { name: "queue entry", file: "rows/queue-entry.circom", call: "QueueEntry(16)" },
  { name: "market terms (8 a batch)", file: "rows/market-terms.circom", call: "MarketTerms()" },
  { name: "open interest (8 a batch)", file: "rows/open-interest.circom", call: "OpenInterest()" },
  { name: "public data of the large tier", file: "encoding/public-data.circom", call: "PublicData(2, 119)" },
];

/** Non-linear constraints of a part. */
export async function partConstraints(part: CircuitPart): Promise<number> {
  const slug = part.call.replace(/\W+/g, "-").replace(/-$/, "").toLowerCase();
  const folder = join("build/parts", slug);
  mkdirSync(join(REPOSITORY_ROOT, folder), { recursive: true });
  const main = join(folder, `${slug}.circom`);
  const lines = [
    "pragma circom 2.2.2;",
    `include "../../../circuits/${part.file}";`,
    `component main = ${part.call};`,
    "",
  ];
  writeFileSync(join(REPOSITORY_ROOT, main), lines.join("\n"));
  const built = await buildCircuit({ main, optimization: "O2", out: folder, devKey: false });
  return built.nonLinearConstraints;
}
