import type {
  WireCancelAllRequest,
  WireCancelled,
  WireCancelRequest,
  WireOrderRequest,
  WirePlaced,
} from "../protocol/api-wire.ts";
import type { Market } from "../protocol/market.ts";
import { type Channel, isAccountChannel, type StreamTopic, topicKey } from "../protocol/stream-channels.ts";
import type {
  WireResumed,
  WireSnapshot,
  WireStreamError,
  WireStreamMessage,
  WireUpdate,
} from "../protocol/stream-wire.ts";
import { ClearbookError, Unreachable } from "./http.ts";
import { LiveBook } from "./live-book.ts";
import { StreamSocket } from "./stream-socket.ts";
import { type StreamHandlers, StreamSubscription } from "./stream-subscription.ts";

/** Who reads an account: sdk/session.ts, or anything that has tokens. */
export interface StreamSession {
  readonly account: number;
  token(): Promise<string>;
  /** Another token than one that was refused. */
  renew(refused: string): Promise<string>;
}

export interface StreamOptions {
  /** For example "http://127.0.0.1:8080". */
  apiUrl: string;
  /** Accounts whose private channels are read. */
  sessions?: readonly StreamSession[];
  /** Told when the connection is there, and when it is lost; it comes back by itself. */
  onState?: (state: StreamState) => void;
  retryMs?: { first: number; max: number };
}

export type StreamState =
  | { readonly state: "open" }
  | { readonly state: "lost"; readonly code: number; readonly reason: string };

/** An answer takes milliseconds; one that has not come by now will not. */
const ANSWER_MS = 10_000;

interface Waiting {
  resolve(message: WireStreamMessage): void;
  reject(error: Error): void;
}

type Told = WireSnapshot | WireUpdate | WireResumed;

/**
 * Everything that the exchange tells while it happens, over one connection. When that is lost it is made again, logged in again and subscribed
 * again; every gap is noticed and filled.
 */
export class ClearbookStream {
  private readonly options: StreamOptions;
  private readonly socket: StreamSocket;
  private readonly sessions = new Map<number, StreamSession>();
  /** Accounts that this connection reads. */
  private readonly loggedIn = new Set<number>();
  private readonly subscriptions = new Map<string, StreamSubscription<never>>();
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  constructor(options: StreamOptions) {
    this.options = options;
    for (const session of options.sessions ?? []) this.sessions.set(session.account, session);
    this.socket = new StreamSocket({
      apiUrl: options.apiUrl,
      onOpen: () => this.opened(),
      onMessage: (message) => this.take(message),
      onLost: (code, reason) => this.lost(code, reason),
      ...(options.retryMs === undefined ? {} : { retryMs: options.retryMs }),
    });
  }

  /**
   * Subscribes, now or as soon as there is a connection. Read it with handlers, or loop over it with `for await`.
   * @throws RangeError when there is a subscription to the very same already, or no session for the account
   */
  subscribe<const C extends Channel>(
    topic: StreamTopic & { readonly channel: C },
    handlers: StreamHandlers<C> = {},
  ): StreamSubscription<C> {
    const key = topicKey(topic);
    if (this.subscriptions.has(key)) throw new RangeError(`there is a subscription to ${key} already`);
    if (isAccountChannel(topic.channel) && !this.sessions.has(topic.account ?? -1)) {
      throw new RangeError(`there is no session for account ${topic.account}: give it to the stream`);
    }
    const subscription = new StreamSubscription<C>(topic, handlers, {
      resync: () => this.resync(topic),
      leave: () => this.leave(topic),
    });
    this.subscriptions.set(key, subscription as unknown as StreamSubscription<never>);
    this.ask(subscription);
    return subscription;
  }

  /** A copy of a market's book that is kept right. @param market from sdk/exchange-reader.ts */
  book(market: Market, onChange?: (book: LiveBook) => void): LiveBook {
    return new LiveBook(this, market, onChange);
  }

  /** Asks for a topic from its beginning again. */
  resync(topic: StreamTopic): void {
    const subscription = this.subscriptions.get(topicKey(topic));
    if (subscription === undefined) return;
    subscription.interrupted();
    if (!this.socket.send({ type: "unsubscribe", ...topic })) return;
    this.ask(subscription);
  }

  /** @throws (rejects) ClearbookError; Unreachable when the connection is lost before the answer: it may have been placed then */
  place(body: WireOrderRequest): Promise<WirePlaced> {
    return this.order("place", body);
  }

  /** @throws (rejects) ClearbookError, Unreachable */
  amend(body: WireOrderRequest): Promise<WirePlaced> {
    return this.order("amend", body);
  }

  /** @throws (rejects) ClearbookError, Unreachable */
  cancel(body: WireCancelRequest): Promise<WireCancelled> {
    return this.order("cancel", body);
  }

  /** @throws (rejects) ClearbookError, Unreachable */
  cancelAll(body: WireCancelAllRequest): Promise<WireCancelled> {
    return this.order("cancel-all", body);
  }

  /** Ends the connection and every subscription. */
  close(): void {
    this.socket.close();
    this.loggedIn.clear();
    this.rejectWaiting("the stream was closed");
    for (const subscription of [...this.subscriptions.values()]) subscription.close();
  }

  // ── Requests ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  private async order<T>(type: string, body: object): Promise<T> {
    const answer = await this.request({ type, body });
    if (answer.type !== "result") throw new Error(`${type} was answered with ${answer.type}`);
    return answer.body as T;
  }

  private request(message: object): Promise<WireStreamMessage> {
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      if (!this.socket.send({ ...message, id })) {
        reject(this.unreachable("the stream is not connected now"));
        return;
      }
      const timer = setTimeout(() => this.settle(id)?.reject(this.unreachable("no answer in time")), ANSWER_MS);
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      };
      this.waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
    });
  }

  /** Subscribes over the connection there is. Without one, {@link opened} does it. */
  private ask<C extends Channel>(subscription: StreamSubscription<C>): void {
    const { topic, resumeFrom } = subscription;
    // Private topics wait for the login, which asks for them then.
    if (!this.socket.isOpen || (isAccountChannel(topic.channel) && !this.loggedIn.has(topic.account ?? -1))) return;
    const from = resumeFrom === null ? {} : { fromSequence: resumeFrom };
    this.request({ type: "subscribe", ...topic, ...from }).catch((error: unknown) => {
      // A lost connection is no answer: it is asked again over the next one.
      if (error instanceof ClearbookError) subscription.failed(error);
    });
  }

  private leave(topic: StreamTopic): void {
    this.subscriptions.delete(topicKey(topic));
    this.socket.send({ type: "unsubscribe", ...topic });
  }

  // ── Connections ────────────────────────────────────────────────────────────────────────────────────────────────────────

  private opened(): void {
    this.options.onState?.({ state: "open" });
    for (const subscription of this.subscriptions.values()) {
      if (!isAccountChannel((subscription.topic as StreamTopic).channel)) this.ask(subscription);
    }
    for (const session of this.sessions.values()) this.logIn(session);
  }

  private logIn(session: StreamSession): void {
    const { account } = session;
    this.tryLogIn(session)
      .then(() => {
        for (const subscription of this.subscriptionsOf(account)) this.ask(subscription);
      })
      .catch((error: unknown) => {
        if (error instanceof ClearbookError) for (const one of this.subscriptionsOf(account)) one.failed(error);
        // The exchange could not be reached for a token: the connection, if there is one, is worth nothing without it.
        else if (this.socket.isOpen) this.socket.restart();
      });
  }

  private async tryLogIn(session: StreamSession): Promise<void> {
    const token = await session.token();
    try {
      await this.request({ type: "login", token });
    } catch (error) {
      if (!(error instanceof ClearbookError) || error.code !== "SESSION_REQUIRED") throw error;
      await this.request({ type: "login", token: await session.renew(token) });
    }
    this.loggedIn.add(session.account);
  }

  private lost(code: number, reason: string): void {
    this.loggedIn.clear();
    for (const subscription of this.subscriptions.values()) subscription.interrupted();
    this.rejectWaiting(reason === "" ? `the connection was lost (${code})` : `${reason} (${code})`);
    this.options.onState?.({ state: "lost", code, reason });
  }

  private rejectWaiting(why: string): void {
    const error = this.unreachable(why);
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  private unreachable(why: string): Unreachable {
    return new Unreachable(this.options.apiUrl, new Error(why));
  }

  private take(message: WireStreamMessage): void {
    switch (message.type) {
      case "snapshot":
      case "update":
      case "resumed": {
        const subscription = this.subscriptions.get(topicKey(message as Told));
        (subscription as StreamSubscription | undefined)?.take(message as Told);
        return;
      }
      case "error":
        if (typeof message.id === "number") this.settle(message.id)?.reject(refusal(message));
        return;
      case "logged-out":
        if (message.reason === "expired") this.loggedOut(message.account);
        return;
      case "welcome":
      case "unsubscribed":
        return;
      default:
        if (typeof message.id === "number") this.settle(message.id)?.resolve(message);
    }
  }

  private settle(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }

  /** The session has ended: another is opened, and what was read under it goes on. */
  private loggedOut(account: number): void {
    this.loggedIn.delete(account);
    for (const subscription of this.subscriptionsOf(account)) subscription.interrupted();
    const session = this.sessions.get(account);
    if (session !== undefined) this.logIn(session);
  }

  private subscriptionsOf(account: number): StreamSubscription<never>[] {
    return [...this.subscriptions.values()].filter(({ topic }) => (topic as StreamTopic).account === account);
  }
}

function refusal({ error, status }: WireStreamError): ClearbookError {
  return new ClearbookError(error, status, null);
}
