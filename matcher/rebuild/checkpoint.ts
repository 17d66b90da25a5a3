import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { type Exact, fromJson, toJson } from "../journal/exact-json.ts";
import type { Json } from "../journal/snapshot-part.ts";
import { linkQueueEntry } from "../protocol/queue-chain.ts";
import { type AccountEntry, AccountStore } from "../state/account-store.ts";
import { type AccountSnapshot, accountEntry, accountSnapshot } from "../state/ledger-snapshot.ts";
import type { RebuildOptions, RebuildProgress } from "./rebuild.ts";
import type { RebuiltState } from "./rebuild-state.ts";

/** Of the lines below. */
export const CHECKPOINT_FORMAT = 1;

/** A file that holds no rebuild of this exchange, or not the whole of one. */
export class CheckpointRefused extends Error {
  override readonly name = "CheckpointRefused";
}

type Header = Pick<RebuiltState, "block" | "lastBatch"> & {
  readonly format: number;
  readonly chainId: number;
  readonly exchange: string;
  readonly progress: RebuildProgress;
};

const NEWLINE = 10;
const DIGEST_LINE = 2 + 64 + 1;

/** A rebuild as lines of text: what it is of, an account a line, and the Keccak-256 of all that. Equal states give equal lines. */
export function* checkpointLines({
  place,
  block,
  lastBatch,
  progress,
  accounts,
  touched,
}: RebuiltState): Generator<string> {
  const digest = keccak_256.create();
  const header: Header = {
    format: CHECKPOINT_FORMAT,
    chainId: place.chainId,
    exchange: place.exchange.toLowerCase(),
    block,
    lastBatch,
    progress,
  };
  const put = (value: Json): string => {
    const line = `${JSON.stringify(value)}\n`;
    digest.update(Buffer.from(line));
    return line;
  };
  yield put(toJson(header as unknown as Exact));
  for (const entry of accounts.entries()) {
    yield put([touched.get(entry.account) ?? 0, accountSnapshot(entry) as unknown as Json]);
  }
  yield `0x${bytesToHex(digest.digest())}\n`;
}

/**
 * Inverse of {@link checkpointLines}. The trees are hashed again: their root must be the one that the state has.
 * @throws CheckpointRefused
 */
export function checkpointFrom(bytes: Uint8Array, { hash, ...place }: RebuildOptions): RebuiltState {
  const end = bytes.length - DIGEST_LINE;
  const content = bytes.subarray(0, Math.max(0, end));
  const written = Buffer.from(bytes.subarray(Math.max(0, end))).toString("latin1");
  if (end < 0 || written !== `0x${bytesToHex(keccak_256(content))}\n`) {
    throw new CheckpointRefused("it is not whole, or was changed");
  }
  const lines = linesOf(content);
  const { format, chainId, exchange, block, lastBatch, progress } = fromJson(
    lines.next().value as Json,
  ) as unknown as Header;
  if (format !== CHECKPOINT_FORMAT) throw new CheckpointRefused(`its format is ${format}, not ${CHECKPOINT_FORMAT}`);
  if (chainId !== place.chainId || exchange !== place.exchange.toLowerCase()) {
    throw new CheckpointRefused(`it is of the Exchange ${exchange} on chain ${chainId}`);
  }
  const accounts = new AccountStore(hash);
  const touched = new Map<number, number>();
  accounts.load(entriesOf(lines, touched));
  const { sharedState, waiting, queueHash } = progress;
  if (accounts.root !== sharedState.accountRoot) {
    throw new CheckpointRefused("its accounts do not lead to the root of its state");
  }
  if (waiting.reduce((link, { entry }) => linkQueueEntry(link, entry), sharedState.queueHash) !== queueHash) {
    throw new CheckpointRefused("its queue does not lead to the queue's hash");
  }
  return { place, block, lastBatch, progress, accounts, touched };
}

function* entriesOf(lines: Iterable<Json>, touched: Map<number, number>): Generator<AccountEntry> {
  for (const line of lines) {
    const [batchNumber, account] = line as unknown as [number, AccountSnapshot];
    touched.set(account.account, batchNumber);
    yield accountEntry(account);
  }
}

function* linesOf(bytes: Uint8Array): Generator<Json> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.length; ) {
    const end = buffer.indexOf(NEWLINE, at);
    yield JSON.parse(buffer.toString("utf8", at, end)) as Json;
    at = end + 1;
  }
}
