import { expect } from "chai";
import fc from "fast-check";
import { REJECT_CODES } from "../../matcher/protocol/reject.ts";
import { ACCOUNT_CHANNELS, CHANNELS } from "../../matcher/protocol/stream-channels.ts";
import { openedState } from "../sequencer/exchange-fixture.ts";
import { stateText } from "../sequencer/state-digest.ts";
import { orderBody, type TestApi, testApi } from "./api-fixture.ts";
import { listening, StreamClient } from "./stream-fixture.ts";

const TYPES = ["subscribe", "unsubscribe", "login", "logout", "ping", "place", "amend", "cancel", "cancel-all", "x"];
const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(-1, 2 ** 53, 1e300, "__proto__", "", "\u0000"));

/** Requests that are nearly right, and texts that are nothing. */
const hostile = fc.oneof(
  fc.record(
    {
      type: fc.oneof(fc.constantFrom(...TYPES), value),
      id: value,
      channel: fc.oneof(fc.constantFrom(...CHANNELS), value),
      market: fc.oneof(fc.constantFrom("BTC-USD", "constructor"), value),
      account: fc.oneof(fc.nat(5), value),
      resolution: fc.oneof(fc.constantFrom("1m", "1d"), value),
      fromSequence: value,
      token: value,
      issuedAtMs: value,
      signature: value,
      body: fc.oneof(
        value,
        fc
          .record({ price: value, size: value, side: value })
          .map((change) => ({ ...orderBody({ slot: 9 }), ...change })),
      ),
    },
    { requiredKeys: [] },
  ),
  fc.dictionary(fc.string({ maxLength: 12 }), value, { maxKeys: 6 }),
);
const texts = fc.oneof(
  hostile.map((message) => JSON.stringify(message)),
  fc.string({ maxLength: 200 }),
  fc.constantFrom(
    '{"type":"ping","type":"ping"}',
    '{"__proto__":{"type":"ping"},"type":"subscribe","channel":"status"}',
    '{"type":"ping","id":1e999}',
    "[".repeat(5_000),
    `{"type":"ping","id":"${"\\u0000".repeat(60)}"}`,
    "null",
    '"cancel"',
    '{"type":"cancel"}',
  ),
);

describe("streams under hostile messages", () => {
  let api: TestApi;
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  it("answers each of thousands with a code of the table, changes nothing and goes on", async () => {
    const streams = { messagesBurst: 1_000_000, failedLoginsMax: 1_000_000, subscriptionsMax: 5, flushMs: 0 };
    api = testApi(4, {}, openedState(4), undefined, { streams });
    const before = stateText(api.sequencer.state);
    const client = await StreamClient.open(await listening(api));
    const samples = fc.sample(texts, { numRuns: 4_000, seed: 20_26 });
    for (const [i, text] of samples.entries()) {
      client.say(text);
      if (i % 500 === 499) await client.settled();
    }
    await client.settled();
    const errors = client.heard.filter(({ type }) => type === "error");
    expect(errors.length).to.be.above(2_000);
    for (const { status, error } of errors) {
      expect(REJECT_CODES).to.include(error.code);
      expect(status).to.be.within(400, 499);
    }
    for (const told of client.heard) expect(ACCOUNT_CHANNELS, JSON.stringify(told)).to.not.include(told.channel);
    expect(stateText(api.sequencer.state)).to.equal(before);
  });

  it("ends frames that are none, and takes no bytes for text", async () => {
    api = testApi(4, {}, openedState(4));
    const url = await listening(api);
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream`);
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const answers: string[] = [];
    socket.addEventListener("message", ({ data }) => answers.push(String(data)));
    socket.send(new Uint8Array([1, 2, 3]));
    while (answers.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(JSON.parse(answers[1] as string)).to.deep.include({ type: "error", status: 400 });
    socket.close();
  });
});
