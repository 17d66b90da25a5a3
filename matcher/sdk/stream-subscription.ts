import { type Channel, isAccountChannel, RESUMABLE_CHANNELS, type StreamTopic } from "../protocol/stream-channels.ts";
import type { SnapshotOf, UpdateOf, WireResumed, WireSnapshot, WireUpdate } from "../protocol/stream-wire.ts";

/** What happens in a subscription. */
export interface StreamHandlers<C extends Channel> {
  /** How things stand: forget what was known. @param reset whether something before it was missed */
  onSnapshot?: (data: SnapshotOf<C>, reset: boolean) => void;
  /** What has changed. */
  onUpdate?: (data: UpdateOf<C>) => void;
  /** The exchange refuses it, also for one that was once granted. */
  onError?: (error: Error) => void;
}

export type StreamItem<C extends Channel> =
  | { readonly kind: "snapshot"; readonly data: SnapshotOf<C>; readonly reset: boolean }
  | { readonly kind: "update"; readonly data: UpdateOf<C> };

/** Items that a slow loop may leave unread. */
const WAITING_MAX = 10_000;

/** Whoever loops over a subscription does so more slowly than things happen. */
export class TooSlow extends Error {
  constructor({ channel }: StreamTopic) {
    super(`more than ${WAITING_MAX} messages of ${channel} wait to be read: read faster, or use handlers`);
    this.name = "TooSlow";
  }
}

/** What a subscription asks of its stream. */
export interface SubscriptionLink {
  /** Something is missing: ask for the topic again. */
  resync(): void;
  leave(): void;
}

/**
 * One topic, as it is told: a snapshot, then updates, each once and in order, over as many connections as it takes. What was missed while
 * there was none is told afterwards, or a snapshot is.
 */
export class StreamSubscription<C extends Channel = Channel> implements AsyncIterable<StreamItem<C>> {
  readonly topic: StreamTopic & { readonly channel: C };
  private readonly handlers: StreamHandlers<C>;
  private readonly link: SubscriptionLink;
  /** Number of the latest message; null until a snapshot has come. */
  private seq: number | null = null;
  private lastSequence: number | null = null;
  private readonly waiting: StreamItem<C>[] = [];
  private wake: (() => void) | null = null;
  private failure: Error | null = null;
  private isIterated = false;
  private isClosed = false;

  constructor(topic: StreamTopic & { readonly channel: C }, handlers: StreamHandlers<C>, link: SubscriptionLink) {
    this.topic = topic;
    this.handlers = handlers;
    this.link = link;
  }

  /** Whether it is being told what happens, with nothing missing. */
  get inSync(): boolean {
    return this.seq !== null;
  }

  /** Sequence of the latest event that was told, from where the exchange can go on; null where it cannot. */
  get resumeFrom(): number | null {
    return this.lastSequence;
  }

  /** Nothing more is told. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.wake?.();
    this.link.leave();
  }

  /** Ends with the subscription. @throws TooSlow */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamItem<C>> {
    this.isIterated = true;
    try {
      for (;;) {
        const item = this.waiting.shift();
        if (item !== undefined) yield item;
        else if (this.failure !== null) throw this.failure;
        else if (this.isClosed) return;
        else
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
      }
    } finally {
      this.close();
    }
  }

  // ── For the stream ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The connection is gone, or the topic is asked for again: what comes before a new beginning does not count. */
  interrupted(): void {
    this.seq = null;
  }

  failed(error: Error): void {
    this.failure ??= error;
    this.wake?.();
    this.handlers.onError?.(error);
  }

  take(message: WireSnapshot<C> | WireUpdate<C> | WireResumed<C>): void {
    if (this.isClosed) return;
    switch (message.type) {
      case "snapshot":
        this.seq = message.seq;
        this.noteSequence(message.data);
        this.handlers.onSnapshot?.(message.data, message.reset);
        this.queue({ kind: "snapshot", data: message.data, reset: message.reset });
        return;
      case "resumed":
        this.seq = message.seq;
        for (const data of message.data) this.update(data);
        return;
      case "update":
        if (this.seq === null) return;
        if (message.seq !== this.seq + 1) {
          this.interrupted();
          this.link.resync();
          return;
        }
        this.seq = message.seq;
        this.update(message.data);
    }
  }

  private update(data: UpdateOf<C>): void {
    this.noteSequence(data);
    this.handlers.onUpdate?.(data);
    this.queue({ kind: "update", data });
  }

  private noteSequence(data: SnapshotOf<C> | UpdateOf<C>): void {
    const { channel } = this.topic;
    if (isAccountChannel(channel) && RESUMABLE_CHANNELS.includes(channel))
      this.lastSequence = (data as { sequence: number }).sequence;
  }

  private queue(item: StreamItem<C>): void {
    if (!this.isIterated) {
      // A loop that begins later begins with the latest snapshot.
      if (item.kind === "snapshot") this.waiting.length = 0;
      else if (this.waiting.length === 0) return;
    }
    if (this.waiting.length < WAITING_MAX) this.waiting.push(item);
    else if (this.isIterated) this.failure ??= new TooSlow(this.topic);
    else this.waiting.length = 0;
    this.wake?.();
  }
}
