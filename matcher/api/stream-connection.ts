import type { WebSocket } from "ws";
import { isAccountChannel, STREAM_CLOSES, STREAM_VERSION, type StreamTopic } from "../protocol/stream-channels.ts";
import type { WireStreamMessage, WireSubscribe, WireUnsubscribe } from "../protocol/stream-wire.ts";
import { INTERNAL_ERROR, Rejection } from "./api-error.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import type { OrderEntry } from "./order-entry.ts";
import { rejectionOf } from "./rejection-of.ts";
import type { StreamHub } from "./stream-hub.ts";
import type { StreamLimits } from "./stream-limits.ts";
import { StreamLogins } from "./stream-logins.ts";
import {
  parseStreamMessage,
  requestId,
  type StreamOrderRequest,
  type StreamRequest,
  streamRequest,
} from "./stream-requests.ts";
import type { Subscriber, Topic } from "./stream-topic.ts";
import type { TokenBuckets } from "./token-buckets.ts";

/** What all connections share. */
export interface StreamRoom {
  readonly access: ExchangeAccess;
  readonly hub: StreamHub;
  readonly entry: OrderEntry;
  readonly limits: StreamLimits;
  /** Messages of each connection. */
  readonly messages: TokenBuckets<number>;
  /** Connections that do not read as fast as they are told. */
  readonly behind: Set<StreamConnection>;
  readonly monotonicMs: () => number;
}

/** Snapshots are long: a subscription counts as so many requests. */
const SUBSCRIBE_COST = 5;

type Id = string | number | null;

/** One client's connection: what it may ask, what it is told, and what becomes of it when it does not read. */
export class StreamConnection implements Subscriber {
  readonly address: string;
  private readonly number: number;
  private readonly socket: WebSocket;
  private readonly room: StreamRoom;
  private readonly logins: StreamLogins;
  private readonly topics = new Map<string, Topic>();
  /** Topics that it is told nothing of until it has read what waits, since when. */
  private readonly stale = new Map<Topic, number>();
  private excessMessages = 0;
  private answersPings = true;
  private isLeaving = false;

  /** @param number of its own among the connections of the room */
  constructor(socket: WebSocket, room: StreamRoom, address: string, number: number) {
    this.socket = socket;
    this.room = room;
    this.number = number;
    this.address = address;
    this.logins = new StreamLogins(room.access, room.limits, address);
    socket.on("message", (data: Buffer, isBinary: boolean) => this.onMessage(data, isBinary));
    socket.on("ping", () => this.charge());
    socket.on("pong", () => {
      this.answersPings = true;
    });
    // What is wrong with a frame ends the connection with a code of its own; there is nothing to add.
    socket.on("error", () => {});
    socket.on("close", () => this.left());
    const { pingIntervalMs, subscriptionsMax, messageBytesMax } = room.limits;
    const atMs = room.access.nowMs();
    this.say({ type: "welcome", version: STREAM_VERSION, atMs, pingIntervalMs, subscriptionsMax, messageBytesMax });
  }

  receive(topic: Topic, message: Buffer): void {
    const { account } = topic.name;
    if (account !== undefined && !this.mayRead(account)) return;
    if (this.stale.has(topic)) return;
    if (topic.isReplaceable && this.socket.bufferedAmount > this.room.limits.waitingBytesSoft) this.fallBehind(topic);
    else this.send(message);
  }

  /** Gives what it missed as snapshots, once it has read what waited; ends the connection when that takes too long. */
  catchUp(): void {
    const { limits, hub, monotonicMs, behind } = this.room;
    const [oldest] = this.stale.values();
    if (oldest !== undefined && monotonicMs() - oldest > limits.behindMaxMs) this.endSlow();
    if (this.isLeaving || this.socket.bufferedAmount > limits.waitingBytesSoft / 2) return;
    for (const topic of [...this.stale.keys()]) {
      hub.snapshot(topic, true, (message) => {
        if (!this.stale.delete(topic) || this.topics.get(topic.key) !== topic) return;
        this.send(message);
      });
      if (this.socket.bufferedAmount > limits.waitingBytesSoft) break;
    }
    if (this.stale.size === 0) behind.delete(this);
  }

  /** Asks whether it is there; drops it when it has not answered the last time. Says which sessions have ended. */
  ping(): void {
    if (!this.answersPings) {
      this.socket.terminate();
      return;
    }
    this.answersPings = false;
    this.socket.ping();
    for (const account of this.logins.accounts()) this.mayRead(account);
  }

  /** Says goodbye, and does not wait for an answer for ever. */
  end(code: number, reason: string): void {
    if (this.isLeaving) return;
    this.left();
    this.socket.close(code, reason);
    setTimeout(() => this.socket.terminate(), this.room.limits.closeMs).unref();
  }

  terminate(): void {
    this.socket.terminate();
  }

  // ── Requests ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  private onMessage(data: Buffer, isBinary: boolean): void {
    if (this.isLeaving) return;
    let id: Id = null;
    let wantsOut = false;
    try {
      if (isBinary) throw new Rejection("MALFORMED", { detail: "messages are text" });
      const value = parseStreamMessage(data);
      id = requestId(value);
      wantsOut = isCancel(value);
      // Whoever wants out must get out: cancels are not counted.
      if (!wantsOut) this.admit(value);
      this.answer(id, streamRequest(value)).catch((error: unknown) => this.refuse(id, error));
    } catch (error) {
      // What is none, or is not shaped like one, is no cancel.
      if (id === null || wantsOut) this.charge();
      this.refuse(id, error);
    }
  }

  private async answer(id: Id, request: StreamRequest): Promise<void> {
    switch (request.type) {
      case "ping":
        return this.say({ type: "pong", id, atMs: this.room.access.nowMs() });
      case "subscribe":
        return this.subscribe(id, request);
      case "unsubscribe":
        return this.unsubscribe(id, request);
      case "login": {
        const session = await this.logins.login(request, (reason) => this.end(STREAM_CLOSES.failedLogins, reason));
        return this.say({ type: "logged-in", id, ...session });
      }
      case "logout":
        if (!this.logins.logout(request.account)) throw new Rejection("SESSION_REQUIRED");
        return this.logOut(id, request.account, "asked");
      default: {
        const body = await this.order(request);
        return this.say({ type: "result", id, body });
      }
    }
  }

  /** By the rules of the same request over HTTP. */
  private order(request: StreamOrderRequest) {
    const { entry, access } = this.room;
    const { address } = this;
    access.limits.request(isCancel(request) ? "cancel" : "order", address);
    switch (request.type) {
      case "place":
        return entry.place(request.body, address);
      case "amend":
        return entry.amend(request.body, address);
      case "cancel":
        return entry.cancel(request.body, address);
      case "cancel-all":
        return entry.cancelAll(request.body, address);
    }
  }

  private subscribe(id: Id, request: WireSubscribe): void {
    const { hub, limits } = this.room;
    this.requireReading(request);
    const topic = hub.topicOf(request);
    if (this.topics.has(topic.key)) throw new Rejection("ALREADY_SUBSCRIBED");
    if (this.topics.size >= limits.subscriptionsMax) {
      hub.left(topic);
      throw new Rejection("TOO_MANY_SUBSCRIPTIONS");
    }
    this.topics.set(topic.key, topic);
    topic.join(this);
    this.say({ type: "subscribed", id, ...topic.name });
    const begin = (message: Buffer) => {
      // It may have gone away, or have ended the subscription and begun another.
      if (this.topics.get(topic.key) === topic && topic.begin(this)) this.send(message);
    };
    hub.first(topic, begin, request.fromSequence);
  }

  private unsubscribe(id: Id, request: WireUnsubscribe): void {
    this.requireReading(request);
    const topic = this.room.hub.topicOf(request);
    if (!this.topics.has(topic.key)) {
      this.room.hub.left(topic);
      throw new Rejection("NOT_SUBSCRIBED");
    }
    this.drop(topic);
    this.say({ type: "unsubscribed", id, ...topic.name });
  }

  /** @throws Rejection for what is private to an account that this connection does not read */
  private requireReading({ channel, account }: StreamTopic): void {
    if (!isAccountChannel(channel) || account === undefined) return;
    if (this.mayRead(account)) return;
    throw new Rejection("SESSION_REQUIRED", { detail: `log this connection in to account ${account} first` });
  }

  // ── Reading and leaving ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Ends what an ended session has let it read. */
  private mayRead(account: number): boolean {
    const reads = this.logins.reads(account);
    if (reads === "ended") this.logOut(null, account, "expired");
    return reads === "open";
  }

  private logOut(id: Id, account: number, reason: "asked" | "expired"): void {
    for (const topic of [...this.topics.values()]) if (topic.name.account === account) this.drop(topic);
    this.say({ type: "logged-out", id, account, reason });
  }

  private drop(topic: Topic): void {
    this.topics.delete(topic.key);
    this.stale.delete(topic);
    topic.leave(this);
    this.room.hub.left(topic);
  }

  private left(): void {
    this.isLeaving = true;
    for (const topic of [...this.topics.values()]) this.drop(topic);
    this.room.behind.delete(this);
  }

  /** Charges a request to the connection, and reading to its address, however many connections that has. @throws Rejection RATE_LIMIT */
  private admit({ type }: { type?: unknown }): void {
    if (!this.charge()) throw new Rejection("RATE_LIMIT");
    // Orders are charged as they are over HTTP.
    if (type === "place" || type === "amend") return;
    try {
      this.room.access.limits.request("read", this.address, type === "subscribe" ? SUBSCRIBE_COST : 1);
    } catch (error) {
      this.exceeded();
      throw error;
    }
  }

  /** @returns whether another message may come now */
  private charge(): boolean {
    const { allowed } = this.room.messages.take(this.number);
    if (!allowed) this.exceeded();
    return allowed;
  }

  private exceeded(): void {
    this.excessMessages += 1;
    if (this.excessMessages > this.room.limits.excessMessagesMax)
      this.end(STREAM_CLOSES.tooManyMessages, "too many messages: send fewer");
  }

  // ── Telling ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private fallBehind(topic: Topic): void {
    this.stale.set(topic, this.room.monotonicMs());
    this.room.behind.add(this);
  }

  private endSlow(): void {
    this.end(STREAM_CLOSES.slowReader, "too slow a reader: read faster, or subscribe to less");
  }

  private refuse(id: Id, error: unknown): void {
    const rejection = rejectionOf(error);
    if (rejection === null) this.room.access.options.onDefect?.(error, `stream ${id ?? ""}`.trim());
    const status = rejection?.httpStatus ?? 500;
    this.say({ type: "error", id, status, error: rejection?.body() ?? INTERNAL_ERROR });
  }

  private say(message: WireStreamMessage): void {
    this.send(JSON.stringify(message));
  }

  private send(message: Buffer | string): void {
    if (this.isLeaving) return;
    if (this.socket.bufferedAmount > this.room.limits.waitingBytesHard) this.endSlow();
    else this.socket.send(message, { binary: false });
  }
}

function isCancel({ type }: { type?: unknown }): boolean {
  return type === "cancel" || type === "cancel-all";
}
