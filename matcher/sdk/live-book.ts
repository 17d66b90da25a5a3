import type { Market } from "../protocol/market.ts";
import type { StreamTopic } from "../protocol/stream-channels.ts";
import { LocalBook } from "./local-book.ts";
import type { ClearbookStream } from "./stream.ts";
import type { StreamSubscription } from "./stream-subscription.ts";

/**
 * A market's book as it is now. Every message is checked against the exchange's own checksum; when one is missing or wrong the book is read
 * from the beginning again, and is not in step until it has come.
 */
export class LiveBook extends LocalBook {
  private readonly subscription: StreamSubscription<"orderbook">;
  private readonly stream: ClearbookStream;
  private readonly topic: StreamTopic & { readonly channel: "orderbook" };
  private readonly onChange: ((book: LiveBook) => void) | undefined;
  private isRight = false;
  private resyncs = 0;
  private wake: (() => void)[] = [];
  private failure: Error | null = null;

  /** Use ClearbookStream.book. */
  constructor(stream: ClearbookStream, market: Market, onChange?: (book: LiveBook) => void) {
    super(market);
    this.stream = stream;
    this.onChange = onChange;
    this.topic = { channel: "orderbook", market: market.symbol };
    this.subscription = stream.subscribe(this.topic, {
      onSnapshot: (snapshot) => this.follow(() => this.reset(snapshot)),
      onUpdate: (update) => {
        if (this.isRight) this.follow(() => this.apply(update));
      },
      onError: (error) => {
        this.failure = error;
        this.awaken();
      },
    });
  }

  /** Whether it is what the exchange has, as far as has been told. False while the connection is lost. */
  get inSync(): boolean {
    return this.isRight && this.subscription.inSync;
  }

  /** Times that a message was wrong, and the book was read again. */
  get resyncCount(): number {
    return this.resyncs;
  }

  /** Resolves once it is in step. @throws (rejects) ClearbookError when the exchange refuses it */
  async ready(): Promise<this> {
    while (!this.inSync) {
      if (this.failure !== null) throw this.failure;
      await new Promise<void>((resolve) => this.wake.push(resolve));
    }
    return this;
  }

  close(): void {
    this.failure = new Error(`the copy of the ${this.market.symbol} book was closed`);
    this.subscription.close();
    this.awaken();
  }

  private follow(take: () => void): void {
    try {
      take();
      this.isRight = true;
    } catch {
      // What the message says does not fit: whatever the reason, only a new beginning helps.
      this.isRight = false;
      this.resyncs += 1;
      this.stream.resync(this.topic);
      return;
    }
    this.awaken();
    this.onChange?.(this);
  }

  private awaken(): void {
    for (const resolve of this.wake.splice(0)) resolve();
  }
}
