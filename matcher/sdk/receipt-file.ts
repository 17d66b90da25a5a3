import { appendFile, readFile } from "node:fs/promises";
import { type HeldReceipt, heldReceiptLine, heldReceiptsFrom } from "../protocol/held-receipt.ts";
import type { ReceiptStore } from "./receipt-store.ts";

/** Keeps receipts in a file, a line of JSON each: what `npm run audit` reads. For Node; several programs must not share one. */
export class ReceiptFile implements ReceiptStore {
  readonly path: string;
  private lines: string[] = [];
  private writing: Promise<void> | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** Receipts that come while the disk works are written together. @throws (rejects) whatever the file system says */
  append(held: HeldReceipt): Promise<void> {
    this.lines.push(`${heldReceiptLine(held)}\n`);
    const before = this.writing;
    if (this.lines.length > 1 && before !== null) return before;
    const write = async () => {
      await before?.catch(() => {});
      const text = this.lines.join("");
      this.lines = [];
      await appendFile(this.path, text);
    };
    this.writing = write();
    return this.writing;
  }

  /** @throws (rejects) RangeError naming a line that is no receipt; whatever the file system says, but for a file that is not there yet */
  async all(): Promise<HeldReceipt[]> {
    await this.writing?.catch(() => {});
    try {
      return heldReceiptsFrom(await readFile(this.path, "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }
}
