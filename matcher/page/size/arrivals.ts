import type { Arrival } from "./execution-report.ts";

const KEY = "clearbook.arrivals";
/** Orders that are remembered. */
const KEPT_MAX = 300;

/** Where the market was when an order was sent from here; the exchange does not keep it. */
export class Arrivals {
  private readonly byOrder: Map<string, Arrival>;
  private readonly storage: Storage;

  constructor(storage: Storage) {
    this.storage = storage;
    this.byOrder = new Map(read(storage));
  }

  /** @param order account and id, as the exchange names it */
  note(order: string, arrival: Arrival): void {
    this.byOrder.set(order, arrival);
    for (const oldest of this.byOrder.keys()) {
      if (this.byOrder.size <= KEPT_MAX) break;
      this.byOrder.delete(oldest);
    }
    try {
      this.storage.setItem(KEY, JSON.stringify([...this.byOrder]));
    } catch {
      // Storage may be full or refused: reports then last as long as the page.
    }
  }

  of(order: string): Arrival | null {
    return this.byOrder.get(order) ?? null;
  }
}

function read(storage: Storage): [string, Arrival][] {
  try {
    const rows = JSON.parse(storage.getItem(KEY) ?? "[]") as [string, Arrival][];
    return rows.filter(
      ([order, arrival]) =>
        typeof order === "string" && arrival.middleTwiceTicks > 0 && Number.isSafeInteger(arrival.atMs),
    );
  } catch {
    return [];
  }
}
