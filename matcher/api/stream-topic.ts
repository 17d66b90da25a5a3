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
  readonly subscribers = new Set<Subscriber>();
  private readonly snapshotJson: () => string;
  private readonly fields: string;
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
    return this.subscribers.size > 0;
  }

  /** Tells all subscribers. @param dataJson what it carries, written out */
  publish(dataJson: string): void {
    if (!this.isRead) return;
    this.seq += 1;
    const message = Buffer.from(`{"type":"update",${this.fields},"seq":${this.seq},"data":${dataJson}}`);
    for (const subscriber of this.subscribers) subscriber.receive(this, message);
  }

  /** @param reset whether something before it is missing */
  snapshot(reset: boolean): Buffer {
    const json = this.snapshotJson();
    return Buffer.from(`{"type":"snapshot",${this.fields},"seq":${this.seq},"reset":${reset},"data":${json}}`);
  }

  /** In the place of a snapshot. @param updatesJson what was missed, oldest first */
  resumed(updatesJson: readonly string[]): Buffer {
    const data = updatesJson.join(",");
    return Buffer.from(`{"type":"resumed",${this.fields},"seq":${this.seq},"data":[${data}]}`);
  }
}
