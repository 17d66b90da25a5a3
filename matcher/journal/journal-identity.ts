import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { ByteReader, ByteWriter } from "../protocol/byte-stream.ts";
import { JournalForeign } from "./journal-damaged.ts";

/** Of the segments' layout and of the records in them. */
export const JOURNAL_FORMAT = 2;

/** What a journal is the journal of. All of it stands in the header of every segment and in every snapshot. */
export interface JournalIdentity {
  readonly chainId: number;
  /** Address of the Exchange. */
  readonly exchange: bigint;
  /** Hash of the block that the exchange was deployed before: a devnet that starts afresh deploys to the same addresses. */
  readonly deployment: bigint;
  /** Hash of the circuits' verification keys: another circuit proves other batches. */
  readonly circuits: bigint;
  /** Hash of the protocol's constants. */
  readonly protocol: bigint;
  /** Hash of the terms that decide what a command does: books, fees, funding. */
  readonly terms: bigint;
}

export const IDENTITY_BYTES = 8 + 20 + 4 * 32;

/** Fixed widths, big-endian. */
export function identityBytes({ chainId, exchange, deployment, circuits, protocol, terms }: JournalIdentity) {
  const out = new ByteWriter();
  out.uint(chainId, 8);
  out.bigUint(exchange, 20);
  for (const hash of [deployment, circuits, protocol, terms]) out.bigUint(hash, 32);
  return out.bytes();
}

/** Inverse of {@link identityBytes}. @throws RangeError for too few bytes */
export function readIdentity(source: ByteReader): JournalIdentity {
  const chainId = source.uint(8);
  const exchange = source.bigUint(20);
  const [deployment, circuits, protocol, terms] = Array.from({ length: 4 }, () => source.bigUint(32)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  return { chainId, exchange, deployment, circuits, protocol, terms };
}

/** As one text, for what is kept as text. */
export function identityText(identity: JournalIdentity): string {
  return bytesToHex(identityBytes(identity));
}

/** Inverse of {@link identityText}. @throws Error for another text */
export function readIdentityText(text: string): JournalIdentity {
  return readIdentity(new ByteReader(hexToBytes(text)));
}

const UPGRADE =
  "Settle all of its batches with the version that wrote it, then carry its last snapshot over into a new journal " +
  "(docs/recovery.md, Upgrades).";

/** @throws JournalForeign in sentences when a journal is not the one that is meant */
export function checkIdentity(path: string, found: JournalIdentity, meant: JournalIdentity): void {
  if (found.chainId !== meant.chainId || found.exchange !== meant.exchange) {
    const of = `Exchange 0x${found.exchange.toString(16).padStart(40, "0")} on chain ${found.chainId}`;
    throw new JournalForeign(`${path} is the journal of ${of}: name another folder.`);
  }
  if (found.deployment !== meant.deployment) {
    throw new JournalForeign(
      `${path} is the journal of an earlier exchange at this address, of a chain that has started afresh since: name another folder.`,
    );
  }
  if (found.circuits !== meant.circuits) {
    throw new JournalForeign(`${path} was written under other circuits' keys. ${UPGRADE}`);
  }
  if (found.protocol !== meant.protocol) {
    throw new JournalForeign(`${path} was written under another version of the protocol. ${UPGRADE}`);
  }
  if (found.terms !== meant.terms) {
    throw new JournalForeign(
      `${path} was written under other terms of markets, fees or funding, so its commands would do something else now: ` +
        `start with the terms of then. To change them: ${UPGRADE}`,
    );
  }
}

/** @throws JournalForeign for a format that this version does not read */
export function checkFormat(path: string, format: number, meant = JOURNAL_FORMAT): void {
  if (format === meant) return;
  throw new JournalForeign(`${path} has format ${format}, and this version reads ${meant}. ${UPGRADE}`);
}
