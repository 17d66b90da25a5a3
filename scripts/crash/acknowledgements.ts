import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SegmentReader } from "../../matcher/journal/segment.ts";
import { journalRecordFromBytes } from "../../matcher/sequencer/command-bytes.ts";

/** An order as its sender knows it. */
export interface SentOrder {
  readonly account: number;
  readonly slot: number;
  readonly sequence: number;
}

const keyOf = ({ account, slot, sequence }: SentOrder): string => `${account}/${slot}/${sequence}`;

/** Records of a journal's commands as a kill left them, without changing a byte: up to the first that is not whole. */
export function* recordsLeft(journal: string, from = 1): Generator<Uint8Array> {
  const folder = join(journal, "commands");
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith(".segment"))
    .sort()) {
    const bytes = readFileSync(join(folder, name));
    let reader: SegmentReader;
    try {
      reader = new SegmentReader(join(folder, name), bytes, { chained: false });
    } catch {
      return;
    }
    while (!reader.isAtEnd) {
      const number = reader.next;
      const record = reader.take();
      if (typeof record === "string") return;
      if (number >= from) yield record;
    }
  }
}

/** What clients were told, held against what the journal has: each acknowledged order once, each client's in its order. */
export class Acknowledgements {
  readonly #told: SentOrder[] = [];
  readonly #placeOf = new Map<string, number>();
  #read = 0;
  #compared = 0;
  readonly #lastOf = new Map<number, number>();

  note(order: SentOrder): void {
    this.#told.push(order);
  }

  get count(): number {
    return this.#told.length;
  }

  /** Commands that the journal had when it was last looked at. */
  get recordCount(): number {
    return this.#read;
  }

  /** What is wrong with the journal that was left, in sentences; nothing that was found before may be gone. */
  faults(journal: string): string[] {
    const faults: string[] = [];
    for (const record of recordsLeft(journal, this.#read + 1)) {
      this.#read += 1;
      const { command } = journalRecordFromBytes(record);
      if (command.type !== "message" || command.message.kind !== "order") continue;
      const key = keyOf(command.message);
      if (this.#placeOf.has(key))
        faults.push(`order ${key} was applied twice: ${this.#placeOf.get(key)}, ${this.#read}`);
      this.#placeOf.set(key, this.#read);
    }
    for (const order of this.#told.slice(this.#compared)) {
      const place = this.#placeOf.get(keyOf(order));
      if (place === undefined) {
        faults.push(`order ${keyOf(order)} was acknowledged and is lost`);
        continue;
      }
      const before = this.#lastOf.get(order.account) ?? 0;
      if (place <= before)
        faults.push(`order ${keyOf(order)} is command ${place}, behind ${before} that came after it`);
      this.#lastOf.set(order.account, place);
    }
    this.#compared = this.#told.length;
    return faults;
  }
}
