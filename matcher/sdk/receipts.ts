import { addressNumber } from "../protocol/abi-word.ts";
import type { WireMarkets, WireSignature } from "../protocol/api-wire.ts";
import { type ConditionalGroup, conditionalCommandBytes } from "../protocol/conditional.ts";
import { type HeldReceipt, heldReceiptsFrom, heldReceiptsText } from "../protocol/held-receipt.ts";
import { messageCommandBytes } from "../protocol/journal-record.ts";
import type { Instruction } from "../protocol/message.ts";
import {
  chainFault,
  isReceiptOf,
  RECEIPT_FAULTS,
  type Receipt,
  type ReceiptFault,
  receiptSigner,
} from "../protocol/receipt.ts";
import type { ReceiptPlace } from "../protocol/receipt-group.ts";
import { receiptFromWire, type WireReceipts } from "../protocol/receipt-wire.ts";
import type { Http } from "./http.ts";
import { ReceiptMemory, type ReceiptStore } from "./receipt-store.ts";

export interface ReceiptOptions {
  /** Where receipts are kept; in memory when absent. sdk/receipt-file.ts keeps them in a file. */
  readonly store?: ReceiptStore;
  /** Whether each is judged when it comes, about a millisecond for every signature. They are kept, and an audit judges them, either way. */
  readonly verify?: boolean;
  /** Address of the operator's receipts key, if known: a server that names another one gets no orders. */
  readonly signer?: string;
}

/** What was sent, as far as the receipt is for it. */
export interface SentMessage {
  readonly message: Instruction;
  readonly signature: WireSignature;
  readonly settle?: boolean;
  readonly clientId?: string | undefined;
  /** All that was sent, where it was more than this one order. */
  readonly conditional?: ConditionalGroup;
}

/** What is wrong with an acknowledgement's receipt: beside the faults, that there is none or that it is in no known shape. */
export type AcknowledgementFault = ReceiptFault | "missing" | "malformed";

const FAULTS: Readonly<Record<AcknowledgementFault, string>> = {
  ...RECEIPT_FAULTS,
  missing: "there is none, although the exchange names a key that signs receipts",
  malformed: "it is in no known shape",
};

/**
 * The exchange acknowledged a command with a receipt that is not good: it may not stand by what it said. What was sent has most likely
 * been accepted all the same. Keep this error: it holds the evidence.
 */
export class WrongReceipt extends Error {
  readonly fault: AcknowledgementFault;
  readonly sent: SentMessage;
  /** As it came. */
  readonly received: unknown;
  readonly signer: string;

  constructor(fault: AcknowledgementFault, sent: SentMessage, received: unknown, signer: string) {
    super(`the receipt for the ${sent.message.kind} of account ${sent.message.account} is not good: ${FAULTS[fault]}`);
    this.name = "WrongReceipt";
    this.fault = fault;
    this.sent = sent;
    this.received = received;
    this.signer = signer;
  }
}

/** Groups that were found to be signed: the commands of one need one look. */
const GROUPS_REMEMBERED = 256;
const PAGE = 100;

/** A client's receipts: each is judged as it comes, and kept. */
export class Receipts {
  /** Address of the operator's receipts key; null where no receipts are given. */
  readonly signer: string | null;
  readonly place: ReceiptPlace;
  private readonly http: Http;
  private readonly store: ReceiptStore;
  private readonly verify: boolean;
  private readonly signedGroups = new Set<string>();

  /** @throws Error when the exchange names another key than the expected one */
  constructor(http: Http, { chainId, exchange, receiptsSigner }: WireMarkets, options: ReceiptOptions = {}) {
    const { signer, store = new ReceiptMemory(), verify = true } = options;
    const named = receiptsSigner ?? null;
    if (signer !== undefined && (named === null || addressNumber(named) !== addressNumber(signer))) {
      throw new Error(`the exchange's receipts are signed by ${named ?? "nobody"}, not by ${signer}`);
    }
    this.signer = named;
    this.place = { chainId, exchange };
    this.http = http;
    this.store = store;
    this.verify = verify;
  }

  /**
   * Takes the receipt of an acknowledgement.
   * @throws (rejects) WrongReceipt with the evidence; whatever the store says. What was sent is accepted nevertheless
   */
  async keep(sent: SentMessage, received: unknown): Promise<void> {
    const { signer } = this;
    if (signer === null) return;
    if (received === null || received === undefined) throw new WrongReceipt("missing", sent, received, signer);
    let receipt: Receipt;
    try {
      receipt = receiptFromWire(received);
    } catch {
      throw new WrongReceipt("malformed", sent, received, signer);
    }
    const held = { place: this.place, signer, commandBytes: bytesOf(sent), receipt };
    // Kept first: a wrong one is evidence.
    await this.store.append(held);
    const fault = this.verify ? this.faultOf(held) : null;
    if (fault !== null) throw new WrongReceipt(fault, sent, received, signer);
  }

  /** The same for an answer that may be about an earlier request of other bytes: whose receipt that is, only its sender can say. */
  async keepOwn(sent: SentMessage, received: unknown): Promise<void> {
    let own = true;
    try {
      own = isReceiptOf(receiptFromWire(received), bytesOf(sent));
    } catch {
      // In no known shape, or none: as wrong here as anywhere.
    }
    if (own) await this.keep(sent, received);
  }

  /**
   * Looks for the receipt of something whose acknowledgement was lost, among the commands from a number on, and keeps it.
   * @param from for example the number of an order's command, or the last one that this client has a receipt of
   * @returns undefined when no such command was accepted
   * @throws (rejects) WrongReceipt; ClearbookError, Unreachable
   */
  async recover(sent: SentMessage, from: number): Promise<Receipt | undefined> {
    const commandBytes = bytesOf(sent);
    for (let next = from; ; ) {
      const page = await this.http.get<WireReceipts>("/v1/receipts", { from: next, limit: PAGE });
      for (const wire of page.receipts) {
        const receipt = receiptFromWire(wire);
        if (!isReceiptOf(receipt, commandBytes)) continue;
        await this.keep(sent, wire);
        return receipt;
      }
      const last = page.receipts.at(-1)?.command;
      if (last === undefined || last >= page.lastCommand) return undefined;
      next = last + 1;
    }
  }

  /** All that are kept, the oldest first. */
  async all(): Promise<readonly HeldReceipt[]> {
    return this.store.all();
  }

  /** All that are kept as lines of JSON: what `npm run audit` reads. */
  async export(): Promise<string> {
    return heldReceiptsText(await this.all());
  }

  /**
   * Takes in what {@link export} gave.
   * @returns how many
   * @throws (rejects) RangeError naming a line that is no receipt, or none of this exchange
   */
  async import(text: string): Promise<number> {
    const held = heldReceiptsFrom(text);
    const strange = held.findIndex(({ place }) => !isSamePlace(place, this.place));
    if (strange >= 0) throw new RangeError(`receipt ${strange + 1} is of another exchange or chain`);
    for (const one of held) await this.store.append(one);
    return held.length;
  }

  private faultOf({ receipt, commandBytes, place, signer }: HeldReceipt): ReceiptFault | null {
    if (!isReceiptOf(receipt, commandBytes)) return "another-command";
    const fault = chainFault(receipt);
    if (fault !== null) return fault;
    const group = `${receipt.lastCommand} ${receipt.groupHead} ${receipt.signature}`;
    if (this.signedGroups.has(group)) return null;
    const found = receiptSigner(receipt, place);
    if (found === null || addressNumber(found) !== addressNumber(signer)) return "not-signed";
    this.signedGroups.add(group);
    if (this.signedGroups.size > GROUPS_REMEMBERED) {
      const [oldest] = this.signedGroups;
      this.signedGroups.delete(oldest as string);
    }
    return null;
  }
}

function isSamePlace(left: ReceiptPlace, right: ReceiptPlace): boolean {
  return left.chainId === right.chainId && addressNumber(left.exchange) === addressNumber(right.exchange);
}

function bytesOf({ message, signature, settle = false, clientId, conditional }: SentMessage): Uint8Array {
  if (conditional !== undefined) return conditionalCommandBytes(conditional);
  const { r8x, r8y, s } = signature;
  const signed = { ...message, signature: { r8x: BigInt(r8x), r8y: BigInt(r8y), s: BigInt(s) } };
  return messageCommandBytes({ message: signed, settle, ...(clientId === undefined ? {} : { clientId }) });
}
