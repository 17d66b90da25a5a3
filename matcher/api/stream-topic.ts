import { type Channel, REPLACEABLE_CHANNELS, type StreamTopic, topicKey } from "../protocol/stream-channels.ts";

/** Somebody who is told what happens in topics. */
export interface Subscriber {
  /** @param message a whole text message, the same bytes for all subscribers */
  receive(topic: Topic, message: Buffer): void;
}

/**
 * One thing that is streamed. Each message is written once, whoever reads it, and numbered once: every subscriber gets all of them, so
 * that a jump in the numbers is a gap for anybody.
 */
export class Topic {
  readonly name: StreamTopic;
  readonly key: string;
  /** Whether a snapshot is as good as all that was missed. */
  readonly isReplaceable: boolean;
  private readonly snapshotJson: () => string;
  private readonly fields: string;
  /** Who is subscribed, and whether it was told the beginning. */
  private readonly readers = new Map<Subscriber, boolean>();
  private seq = 0;

  /** @param snapshotJson the data of a snapshot as it is now, or of the last message if that is what the topic's readers know */
  constructor(name: StreamTopic, snapshotJson: () => string) {
    this.name = name;
    this.key = topicKey(name);
    this.isReplaceable = (REPLACEABLE_CHANNELS as readonly Channel[]).includes(name.channel);
    this.snapshotJson = snapshotJson;
    this.fields = JSON.stringify(name).slice(1, -1);
  }

  get isRead(): boolean {
    return this.readers.size > 0;
  }

  /** It wants to read, and waits for the beginning. */
  join(reader: Subscriber): void {
    this.readers.set(reader, false);
  }

  /**
   * It is about to be told the beginning, after which it is told everything.
   * @returns false when it has left, or was told the beginning before
   */
  begin(reader: Subscriber): boolean {
    if (this.readers.get(reader) !== false) return false;
    this.readers.set(reader, true);
    return true;
  }

  leave(reader: Subscriber): void {
    this.readers.delete(reader);
  }

  /** Tells all readers. @param dataJson what it carries, written out */
  publish(dataJson: string): void {
    if (!this.isRead) return;
    this.seq += 1;
    const message = Buffer.from(`{"type":"update",${this.fields},"seq":${this.seq},"data":${dataJson}}`);
    for (const [reader, hasBegun] of this.readers) if (hasBegun) reader.receive(this, message);
  }

  /** What a snapshot carries. Telling others what they were not told yet may be a part of it. */
  data(): string {
    return this.snapshotJson();
  }

  /** @param reset whether something before it is missing */
  snapshot(dataJson: string, reset: boolean): Buffer {
    return Buffer.from(`{"type":"snapshot",${this.fields},"seq":${this.seq},"reset":${reset},"data":${dataJson}}`);
  }

  /** In the place of a snapshot. @param updatesJson what was missed, oldest first */
  resumed(updatesJson: readonly string[]): Buffer {
    const data = updatesJson.join(",");
    return Buffer.from(`{"type":"resumed",${this.fields},"seq":${this.seq},"data":[${data}]}`);
  }
}
