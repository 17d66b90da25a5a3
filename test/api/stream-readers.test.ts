import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { STREAM_CLOSES } from "../../matcher/protocol/stream-channels.ts";
import { LocalBook } from "../../matcher/sdk/local-book.ts";
import { BTC_TICKS, openedState, order, unsigned } from "../sequencer/exchange-fixture.ts";
import { marketOf, type TestApi, testApi, tokenOf } from "./api-fixture.ts";
import { credulous, listening, pause, StreamClient } from "./stream-fixture.ts";

/** A reader of frames that can stop reading, as a client on a bad line does. */
class RawReader {
  readonly socket: Socket;
  private bytes = Buffer.alloc(0);
  readonly texts: string[] = [];
  close: { code: number; reason: string } | null = null;
  isGone = false;

  constructor(url: string) {
    this.socket = connect(Number(new URL(url).port), "127.0.0.1");
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.isGone = true;
    });
    this.socket.on("data", (part: Buffer) => this.read(part));
    const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13";
    this.socket.write(
      `GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`,
    );
  }

  /** One masked text frame; the mask is zero. */
  say(message: object): void {
    const payload = Buffer.from(JSON.stringify(message));
    const head = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]);
    this.socket.write(Buffer.concat([head, payload]));
  }

  private read(part: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, part]);
    if (this.texts.length === 0) {
      const end = this.bytes.indexOf("\r\n\r\n");
      if (this.bytes.subarray(0, 4).toString() === "HTTP") {
        if (end < 0) return;
        this.bytes = this.bytes.subarray(end + 4);
      }
    }
    for (;;) {
      if (this.bytes.length < 2) return;
      const [first = 0, second = 0] = this.bytes;
      let length = second & 127;
      let at = 2;
      if (length === 126) {
        if (this.bytes.length < 4) return;
        length = this.bytes.readUInt16BE(2);
        at = 4;
      } else if (length === 127) {
        if (this.bytes.length < 10) return;
        length = Number(this.bytes.readBigUInt64BE(2));
        at = 10;
      }
      if (this.bytes.length < at + length) return;
      const payload = this.bytes.subarray(at, at + length);
      this.bytes = this.bytes.subarray(at + length);
      if ((first & 15) === 8) this.close = { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
      else if ((first & 15) === 1) this.texts.push(payload.toString());
    }
  }
}

describe("readers of streams", () => {
  let api: TestApi;
  let url: string;
  let sequence = 64;
  let raw: RawReader | undefined;

  async function start(streams: object): Promise<void> {
    const limits = { flushMs: 0, accountMs: 0, messagesBurst: 100_000, ...streams };
    api = testApi(4, {}, openedState(4), undefined, { verifier: credulous, streams: limits });
    url = await listening(api);
  }

  /** A book of so many levels. */
  async function fill(levels: number): Promise<void> {
    for (let i = 0; i < levels; i++) await place(i % 500, BTC_TICKS - 1 - i, 1 + Math.floor(i / 500));
  }

  function place(slot: number, limitPriceTicks: number, account = 1) {
    sequence += 64;
    return api.sequencer.submit(unsigned(order({ account, slot, sequence, limitPriceTicks, quantityLots: 10 })));
  }

  afterEach(async () => {
    raw?.socket.destroy();
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  it("gives who has been behind a new snapshot instead of what it missed, and others everything", async () => {
    await start({ waitingBytesSoft: 100_000, waitingBytesHard: 100_000_000, behindMaxMs: 60_000 });
    await fill(900);
    const good = await StreamClient.open(url);
    const copy = new LocalBook(marketOf(0));
    copy.reset((await good.subscribe({ channel: "orderbook", market: "BTC-USD" })).data);
    raw = new RawReader(url);
    raw.say({ type: "subscribe", channel: "orderbook", market: "BTC-USD" });
    while (raw.texts.length < 3) await pause(5);
    raw.socket.pause();
    // More than the buffers between two processes of one machine hold.
    for (let i = 0; i < 400; i++) {
      raw.say({ type: "unsubscribe", channel: "orderbook", market: "BTC-USD" });
      raw.say({ type: "subscribe", channel: "orderbook", market: "BTC-USD" });
    }
    await pause(300);
    for (let i = 0; i < 50; i++) {
      await place(i, BTC_TICKS - 2_000 - i);
      copy.apply((await good.next("update", "orderbook")).data);
    }
    raw.socket.resume();
    const wasReset = (text: string) => text.startsWith('{"type":"snapshot"') && text.includes('"reset":true');
    while (!raw.texts.some(wasReset)) await pause(10);
    await place(99, BTC_TICKS - 3_000);
    copy.apply((await good.next("update", "orderbook")).data);
    while (JSON.parse(raw.texts.at(-1) as string).type !== "update") await pause(10);
    // From the snapshot on it is the same book, with no gap.
    const texts = raw.texts.slice(raw.texts.findLastIndex(wasReset)).map((text) => JSON.parse(text));
    const own = new LocalBook(marketOf(0));
    own.reset(texts[0].data);
    for (const [i, told] of texts.slice(1).entries()) {
      expect(told.seq).to.equal(texts[0].seq + 1 + i);
      own.apply(told.data);
    }
    expect(own.bids()).to.deep.equal(copy.bids());
  });

  it("ends who does not read at all, with the reason, while others are told everything", async () => {
    await start({ waitingBytesSoft: 10_000, waitingBytesHard: 200_000, closeMs: 5_000 });
    await fill(900);
    const good = await StreamClient.open(url);
    await good.subscribe({ channel: "trades", market: "BTC-USD" });
    raw = new RawReader(url);
    raw.say({ type: "subscribe", channel: "trades", market: "BTC-USD" });
    while (raw.texts.length < 3) await pause(5);
    raw.socket.pause();
    for (let i = 0; i < 400; i++) {
      raw.say({ type: "subscribe", channel: "orderbook", market: "BTC-USD" });
      raw.say({ type: "unsubscribe", channel: "orderbook", market: "BTC-USD" });
    }
    await pause(300);
    const taking = unsigned(
      order({ account: 4, slot: 1, sequence: 64, side: "sell", quantityLots: 5, limitPriceTicks: BTC_TICKS - 100 }),
    );
    await api.sequencer.submit(taking);
    expect((await good.next("update", "trades")).data.trades).to.have.length(1);
    raw.socket.resume();
    while (raw.close === null && !raw.isGone) await pause(10);
    expect(raw.close?.code).to.equal(STREAM_CLOSES.slowReader);
    expect(raw.close?.reason).to.match(/slow/);
    await good.settled();
  });

  it("lets a client go on where it stopped, as long as that is remembered", async () => {
    await start({});
    const token = await tokenOf(api.app, 1);
    const one = await StreamClient.open(url);
    await one.ask({ type: "login", token });
    const first = await one.subscribe({ channel: "orders", account: 1 });
    await place(1, BTC_TICKS - 1);
    const seen = (await one.next("update", "orders")).data.sequence;
    one.close();
    await one.ended();
    const missed = [];
    for (let i = 2; i < 6; i++) {
      await place(i, BTC_TICKS - i);
      missed.push(api.sequencer.state.eventCount);
      // Of others, and of other channels: not this one's.
      await place(i, BTC_TICKS - 50 - i, 2);
    }
    const two = await StreamClient.open(url);
    await two.ask({ type: "login", token });
    const resumed = await two.subscribe({ channel: "orders", account: 1, fromSequence: seen });
    expect(resumed.type).to.equal("resumed");
    expect(resumed.data.map(({ sequence: at }: { sequence: number }) => at)).to.deep.equal(missed);
    expect(resumed.data.map(({ orders }: { orders: { slot: number }[] }) => orders[0]?.slot)).to.deep.equal([
      2, 3, 4, 5,
    ]);
    await place(9, BTC_TICKS - 9);
    expect(await two.next("update", "orders")).to.deep.include({ seq: resumed.seq + 1 });
    const again = async (fromSequence: number) => {
      await two.ask({ type: "unsubscribe", channel: "orders", account: 1 });
      return two.subscribe({ channel: "orders", account: 1, fromSequence });
    };
    // Nothing missed; what was before the first reader came; what has not happened yet.
    expect(await again(api.sequencer.state.eventCount)).to.deep.include({ type: "resumed", data: [] });
    expect(await again(first.data.sequence)).to.deep.include({ type: "resumed" });
    expect(await again(first.data.sequence - 1)).to.deep.include({ type: "snapshot", reset: true });
    const ahead = await again(api.sequencer.state.eventCount + 1);
    expect(ahead).to.deep.include({ type: "snapshot", reset: true });
    expect(ahead.data.orders).to.have.length(6);
    // Channels that are snapshots by nature begin with one.
    expect(await two.subscribe({ channel: "account", account: 1, fromSequence: seen })).to.deep.include({
      type: "snapshot",
      reset: true,
    });
  });
});
