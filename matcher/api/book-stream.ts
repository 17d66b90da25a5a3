import { baseFromLots, type Market, usdFromPriceTicks } from "../protocol/market.ts";
import type { WireBookSnapshot, WireBookUpdate } from "../protocol/stream-wire.ts";
import type { ExchangeEvent } from "../sequencer/exchange-event.ts";
import type { DepthLevel } from "../sequencer/exchange-view.ts";
import type { DepthMirror } from "./depth-mirror.ts";
import { Topic } from "./stream-topic.ts";

/** A market's book: every level first, then what changed, some milliseconds' changes together. */
export class BookStream {
  readonly topic: Topic;
  private readonly market: Market;
  private readonly mirror: DepthMirror;
  /** Of the latest message. */
  private sequence: number;
  /** Of the latest event that changed the depth. */
  private latestSequence: number;
  private atMs: number;
  /** The snapshot as of the latest message, once somebody has asked for it. */
  private snapshotJson: string | null = null;

  /** @param sequence of the latest event that the mirror has in it */
  constructor(market: Market, mirror: DepthMirror, { sequence, atMs }: { sequence: number; atMs: number }) {
    this.market = market;
    this.mirror = mirror;
    this.sequence = sequence;
    this.latestSequence = sequence;
    this.atMs = atMs;
    this.topic = new Topic({ channel: "orderbook", market: market.symbol }, () => this.snapshot());
  }

  /** Takes an event of this market in. @returns whether there is something to tell */
  take(event: ExchangeEvent, sequence: number, atMs: number): boolean {
    if (!this.mirror.take(event)) return false;
    this.latestSequence = sequence;
    this.atMs = atMs;
    return true;
  }

  /** Tells what has changed since the last time. */
  flush(): void {
    if (!this.mirror.hasChanged) return;
    const previousSequence = this.sequence;
    this.sequence = this.latestSequence;
    this.snapshotJson = null;
    const { bids, asks } = this.mirror.takeChanges();
    if (!this.topic.isRead) return;
    const update: WireBookUpdate = {
      previousSequence,
      sequence: this.sequence,
      bids: bids.map(this.level),
      asks: asks.map(this.level),
      checksum: this.mirror.checksum(),
      atMs: this.atMs,
    };
    this.topic.publish(JSON.stringify(update));
  }

  private snapshot(): string {
    // What others have not been told yet would be told twice to whoever comes now.
    this.flush();
    this.snapshotJson ??= JSON.stringify(this.wholeBook());
    return this.snapshotJson;
  }

  private wholeBook(): WireBookSnapshot {
    const { bids, asks } = this.mirror.depth();
    return {
      sequence: this.sequence,
      bids: bids.map(this.level),
      asks: asks.map(this.level),
      checksum: this.mirror.checksum(),
      atMs: this.atMs,
    };
  }

  private readonly level = ({ priceTicks, quantityLots, orderCount }: DepthLevel): [string, string, number] => [
    usdFromPriceTicks(this.market, priceTicks),
    baseFromLots(this.market, quantityLots),
    orderCount,
  ];
}
