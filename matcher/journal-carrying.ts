import { join } from "node:path";
import { type FileOperations, REAL_FILES } from "./journal/file-operations.ts";
import type { JournalIdentity } from "./journal/journal-identity.ts";
import { RecordLog } from "./journal/record-log.ts";
import { readHeader, segmentName } from "./journal/segment.ts";
import { readSnapshot, snapshotName, snapshotsIn, writeSnapshot } from "./journal/snapshot-file.ts";
import { BatchLog } from "./prover/batch-log.ts";
import { imageFrom } from "./sequencer/exchange-image.ts";

/** A journal that cannot be carried over, in a sentence that says why. */
export class CannotCarry extends Error {}

/**
 * Begins a new journal where an old one ends: under another identity, with the next number and the same hash chain, and with the old
 * one's last snapshot in front. Nothing of the old one may be left to prove, for another circuit could not.
 * @returns number of the last command
 * @throws CannotCarry; JournalDamaged, SnapshotDamaged for an old journal that is not whole
 */
export async function carryJournal(
  from: string,
  to: string,
  identity: JournalIdentity,
  files: FileOperations = REAL_FILES,
): Promise<number> {
  const first = join(from, "commands", segmentName(1));
  const { identity: before } = readHeader(first, files.read(first));
  if (
    before.chainId !== identity.chainId ||
    before.exchange !== identity.exchange ||
    before.deployment !== identity.deployment
  ) {
    throw new CannotCarry(`${from} is the journal of another exchange.`);
  }
  for (const folder of ["commands", "batches", "snapshots"]) {
    files.makeDirectory(join(to, folder));
    if (files.list(join(to, folder)).length > 0)
      throw new CannotCarry(`${to} has a journal already: name a new folder.`);
  }
  const oldLog = await RecordLog.open({ directory: join(from, "commands"), identity: before, files });
  const oldBatches = await RecordLog.open({ directory: join(from, "batches"), identity: before, files });
  try {
    const { lastRecord, head } = oldLog;
    const snapshots = join(from, "snapshots");
    if (snapshotsIn(files, snapshots)[0] !== lastRecord) {
      throw new CannotCarry(
        `${snapshots} has no snapshot of the last command, ${lastRecord}: stop the old version in order.`,
      );
    }
    const { batch, parts } = readSnapshot(files, snapshots, before, lastRecord);
    const batches = new BatchLog(oldBatches);
    if (batches.lastFinal < batch) {
      throw new CannotCarry(
        `${snapshotName(lastRecord)} lies behind batch ${batch}, and the last final one is ${batches.lastFinal}: ` +
          "let the old version settle all of them first.",
      );
    }
    imageFrom(parts.get("exchange") ?? []);
    const begin = { firstRecord: lastRecord + 1, headBefore: head };
    const newBatches = await RecordLog.open({ directory: join(to, "batches"), identity, files });
    for (const record of oldBatches.records()) await newBatches.append(record);
    await newBatches.close();
    const taken = [...parts].map(([name, values]) => ({ name, values }));
    await writeSnapshot(files, join(to, "snapshots"), identity, { command: lastRecord, head, batch }, taken);
    await (await RecordLog.open({ directory: join(to, "commands"), identity, files, begin })).close();
    return lastRecord;
  } finally {
    await oldBatches.close();
    await oldLog.close();
  }
}
