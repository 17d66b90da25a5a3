import { expect } from "chai";
import { Compile } from "typebox/compile";
import { STREAM_PATH } from "../../matcher/protocol/stream-channels.ts";
import { CHANNEL_DATA } from "../../matcher/protocol/wire/stream-data.ts";
import * as messages from "../../matcher/protocol/wire/stream-message.ts";
import type { SignatureVerifier } from "../../matcher/sequencer/verify-pool.ts";
import type { TestApi } from "./api-fixture.ts";

/** A message as it came, before anything is believed of it. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was sent.
export type Told = any;

const answers = new Map(
  Object.entries({
    welcome: messages.WireWelcome,
    subscribed: messages.WireSubscribed,
    unsubscribed: messages.WireUnsubscribed,
    "logged-in": messages.WireLoggedIn,
    "logged-out": messages.WireStreamLoggedOut,
    pong: messages.WirePong,
    error: messages.WireStreamError,
    result: messages.WireStreamResult,
  }).map(([type, schema]) => [type, Compile(schema)] as const),
);
const data = new Map(
  Object.entries(CHANNEL_DATA).map(([channel, { snapshot, update }]) => {
    return [channel, { snapshot: Compile(snapshot), update: Compile(update) }] as const;
  }),
);

/** Holds a message against the schema that the document shows for it. */
function checkTold(told: Told): void {
  const { type, channel } = told;
  const text = () => JSON.stringify(told).slice(0, 500);
  if (type !== "snapshot" && type !== "update" && type !== "resumed") {
    expect(answers.get(type)?.Errors(told), text()).to.deep.equal([]);
    return;
  }
  const schemas = data.get(channel);
  for (const one of type === "resumed" ? told.data : [told.data]) {
    expect(schemas?.[type === "snapshot" ? "snapshot" : "update"].Errors(one), text()).to.deep.equal([]);
  }
}

/** Believes every signature. */
export const credulous: SignatureVerifier = {
  verify: async () => ({ signed: true, messageHash: 0n }),
  close: async () => {},
};

/** A client that does nothing by itself: it says what it is told to say, and keeps what it hears. */
export class StreamClient {
  readonly heard: Told[] = [];
  closed: { code: number; reason: string } | null = null;
  /** The first message that was not as its schema says. */
  private broken: Error | null = null;
  private readonly socket: WebSocket;
  private readonly taken = new Set<Told>();
  private wake: (() => void)[] = [];
  private lastId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const told = JSON.parse(String(data));
      try {
        checkTold(told);
      } catch (error) {
        this.broken ??= error as Error;
      }
      this.heard.push(told);
      this.awaken();
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
      this.awaken();
    });
    socket.addEventListener("error", () => {});
  }

  /** Connected, and welcomed. */
  static async open(url: string): Promise<StreamClient> {
    const client = new StreamClient(new WebSocket(url.replace(/^http/, "ws") + STREAM_PATH));
    await client.next("welcome");
    return client;
  }

  say(message: object | string): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Says it with an id of its own, and gives the answer to it. */
  async ask(message: object): Promise<Told> {
    this.lastId += 1;
    const id = this.lastId;
    this.say({ ...message, id });
    return this.nextThat((told) => told.id === id);
  }

  /** Subscribes, and gives the first message of it. */
  async subscribe(topic: object): Promise<Told> {
    const answer = await this.ask({ type: "subscribe", ...topic });
    expect(answer, JSON.stringify(answer)).to.deep.include({ type: "subscribed" });
    const { channel } = answer;
    return this.nextThat((told) => (told.type === "snapshot" || told.type === "resumed") && told.channel === channel);
  }

  /** The next message of a type, and of a channel, that was not given yet. */
  next(type: string, channel?: string): Promise<Told> {
    return this.nextThat((told) => told.type === type && (channel === undefined || told.channel === channel));
  }

  async nextThat(isIt: (told: Told) => boolean): Promise<Told> {
    for (;;) {
      if (this.broken !== null) throw this.broken;
      const found = this.heard.find((told) => !this.taken.has(told) && isIt(told));
      if (found !== undefined) {
        this.taken.add(found);
        return found;
      }
      if (this.closed !== null) throw new Error(`closed with ${this.closed.code} ${this.closed.reason}`);
      await new Promise<void>((resolve) => this.wake.push(resolve));
    }
  }

  /** Everything that the exchange has sent before it answers this. */
  async settled(): Promise<void> {
    await this.ask({ type: "ping" });
  }

  async ended(): Promise<{ code: number; reason: string }> {
    while (this.closed === null) await new Promise<void>((resolve) => this.wake.push(resolve));
    return this.closed;
  }

  close(): void {
    this.socket.close();
  }

  private awaken(): void {
    for (const resolve of this.wake.splice(0)) resolve();
  }
}

/** Listens on a free port of this machine. */
export function listening(api: TestApi): Promise<string> {
  return api.app.listen({ host: "127.0.0.1", port: 0 });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
