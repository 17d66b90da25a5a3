import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EIP1193Provider, trackTransaction } from "@nomicfoundation/ignition-core";
import { Refusal } from "../supervisor/refusal.ts";
import { JsonRpcError } from "./json-rpc-node.ts";
import { JOURNAL_FILE, type SentTransactions } from "./sent-transactions.ts";

interface JournalMessage {
  readonly type: string;
  readonly futureId?: string;
  readonly networkInteractionId?: number;
  readonly nonce?: number;
}

/**
 * Brings Ignition's journal in order after a run that died between "is about to be sent" and "was sent", which Ignition
 * leaves to people to find out. What was signed is known here: it is sent once more, which changes nothing when it had
 * arrived. What was never signed was never sent, and is forgotten.
 */
export async function mendInterruptedRun(
  folder: string,
  sent: SentTransactions,
  provider: EIP1193Provider,
  confirmations: number,
): Promise<void> {
  const path = join(folder, JOURNAL_FILE);
  if (!existsSync(path)) return;
  const written = readFileSync(path, "utf8");
  // A last line that was not written whole tells nothing that the chain does not.
  const lines = written.split("\n").filter((line) => line === "" || parsed(line) !== undefined);
  const messages = lines.map((line) => parsed(line));
  const lost = messages.findIndex((message, i) => {
    return message?.type === "TRANSACTION_PREPARE_SEND" && !messages.slice(i + 1).some(isSendOf(message));
  });
  const message = messages[lost];
  const transaction = message === undefined ? undefined : sent.at(message.nonce as number);
  const kept = message !== undefined && transaction === undefined ? lines.toSpliced(lost, 1) : lines;
  const text = kept.filter((line) => line !== "").join("\n");
  writeFileSync(`${path}.partial`, text === "" ? "" : `${text}\n`);
  renameSync(`${path}.partial`, path);
  if (transaction === undefined) return;
  await sendAgain(transaction.raw, provider);
  try {
    await trackTransaction(folder, transaction.hash, provider, confirmations);
  } catch (error) {
    throw new Refusal(
      `The transaction ${transaction.hash} of nonce ${transaction.nonce} is lost, so begin again in another folder: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function isSendOf({ futureId, networkInteractionId }: JournalMessage) {
  return (other: JournalMessage | undefined) =>
    other?.type === "TRANSACTION_SEND" &&
    other.futureId === futureId &&
    other.networkInteractionId === networkInteractionId;
}

/** Undefined for what was not written whole. */
function parsed(line: string): JournalMessage | undefined {
  try {
    return JSON.parse(line) as JournalMessage;
  } catch {
    return undefined;
  }
}

/** A node that knows it already says so, in words of its own; whether it does is asked afterwards. */
async function sendAgain(raw: string, provider: EIP1193Provider): Promise<void> {
  try {
    await provider.request({ method: "eth_sendRawTransaction", params: [raw] });
  } catch (error) {
    if (!(error instanceof JsonRpcError)) throw error;
  }
}
