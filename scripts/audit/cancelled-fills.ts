import type { HeldReceipt } from "../../matcher/protocol/held-receipt.ts";
import type { PublishedOrder } from "../../matcher/rebuild/published-orders.ts";
import { commandName, sentUnder } from "./command-name.ts";
import type { Finding } from "./finding.ts";
import type { PlacedJournal } from "./publication-checks.ts";

/** An acknowledged cancel: orders that it names are dead from its command on. */
interface Cancel {
  readonly held: HeldReceipt;
  readonly command: number;
  kills(order: PublishedOrder): boolean;
}

function cancelsOf(valid: readonly HeldReceipt[]): Map<number, Cancel[]> {
  const byAccount = new Map<number, Cancel[]>();
  for (const held of valid) {
    const sent = sentUnder(held);
    if (sent.type !== "message") continue;
    const { message } = sent;
    let kills: Cancel["kills"];
    if (message.kind === "cancel") {
      kills = (order) => order.slot === message.slot && order.sequence <= message.sequence;
    } else if (message.kind === "cancelAll") kills = (order) => order.sequence < message.sequence;
    else continue;
    const others = byAccount.get(message.account) ?? [];
    byAccount.set(message.account, [...others, { held, command: held.receipt.command, kills }]);
  }
  return byAccount;
}

function orderName({ account, slot, sequence, quantityLots }: PublishedOrder): string {
  return `${quantityLots} lots of account ${account}'s order in slot ${slot}, sequence ${sequence}`;
}

/**
 * Fills that were settled although the order had been cancelled. A batch settles effects of commands from the last batch's head on (that
 * command itself may be split between the two), and none before its epoch's head. When a cancel is not later than the later one of these, every fill in the batch
 * came after it. When it lies between them and the batch's own head, the fill may have come before it: that cannot be told from L1.
 * @param valid in order of their commands
 */
export function fillsAfterCancel(
  valid: readonly HeldReceipt[],
  { epochs, batches }: PlacedJournal,
): { findings: Finding[]; undecided: string[] } {
  const cancels = cancelsOf(valid);
  const findings: Finding[] = [];
  const undecided: string[] = [];
  let settledThrough = 0;
  for (const { published, command: through } of batches) {
    const opened = epochs[published.epochNumber - 1]?.command ?? 0;
    const from = Math.max(settledThrough, opened);
    for (const order of published.orders) {
      const cancel = cancels.get(order.account)?.find(({ kills }) => kills(order));
      if (cancel === undefined) continue;
      if (cancel.command <= from) {
        const reason =
          opened >= settledThrough
            ? `epoch ${published.epochNumber}, which it belongs to, was opened after command ${opened}`
            : `the batch before it already covered command ${settledThrough}`;
        const sentence = `Batch ${published.number} (transaction ${published.transactionHash}) fills ${orderName(order)}, which was cancelled: ${commandName(cancel.held)} came before everything in that batch, for ${reason}.`;
        findings.push({ kind: "fill-after-cancel", sentence, receipts: [cancel.held], published: [published] });
      } else if (through === undefined || cancel.command <= through) {
        const until = through === undefined ? "a head whose place is not known" : `command ${through}`;
        undecided.push(
          `Batch ${published.number} fills ${orderName(order)}; it covers commands from ${from} to ${until}, and the cancel, ${commandName(cancel.held)}, is among them: whether the fill came first cannot be told from L1.`,
        );
      }
    }
    settledThrough = Math.max(settledThrough, through ?? 0);
  }
  return { findings, undecided };
}
