import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Compile } from "typebox/compile";
import { CHANNELS, STREAM_CLOSES } from "../../matcher/protocol/stream-channels.ts";
import { get, orderBody, post, type TestApi, testApi, tokenOf } from "./api-fixture.ts";
import { listening, StreamClient } from "./stream-fixture.ts";

const SNAPSHOT = join(import.meta.dirname, "asyncapi-messages.json");

type Schema = Record<string, unknown> & { properties?: Record<string, Schema>; $ref?: string };

interface Document {
  asyncapi: string;
  info: { description: string };
  channels: { stream: { address: string; messages: Record<string, { $ref: string }> } };
  operations: Record<
    string,
    { action: string; messages: { $ref: string }[]; reply?: { messages: { $ref: string }[] } }
  >;
  components: { messages: Record<string, { payload: Schema }>; schemas: Record<string, Schema> };
}

describe("the AsyncAPI document", () => {
  let api: TestApi;
  let document: Document;
  before(async () => {
    api = testApi(4);
    document = (await get(api.app, "/v1/asyncapi.json")).body;
  });
  after(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  /** What a reference inside the document leads to. */
  function at(ref: string): unknown {
    return ref
      .replace("#/", "")
      .split("/")
      .reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], document);
  }

  /** With what it refers to in its place. */
  function whole(schema: Schema): Schema {
    if (schema.$ref !== undefined) return whole(at(schema.$ref) as Schema);
    const copy = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(copy);
      return typeof value === "object" && value !== null ? whole(value as Schema) : value;
    };
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, copy(value)]));
  }

  it("tells of every channel and every close, and refers to nothing that is not in it", () => {
    expect(document.asyncapi).to.equal("3.0.0");
    expect(document.channels.stream.address).to.equal("/v1/stream");
    for (const channel of CHANNELS) expect(document.operations[channel], channel).to.deep.include({ action: "send" });
    for (const code of Object.values(STREAM_CLOSES)) expect(document.info.description).to.include(String(code));
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] as string);
    expect(refs.length).to.be.above(50);
    for (const ref of refs) expect(at(ref), ref).to.be.an("object");
  });

  it("names the fields of every message as they are committed", () => {
    const fields = Object.fromEntries(
      Object.entries(document.components.messages).map(([name, { payload }]) => {
        const { properties = {} } = whole(payload);
        const inside = properties.data?.properties;
        return [
          name,
          inside === undefined ? Object.keys(properties) : [...Object.keys(properties), Object.keys(inside)],
        ];
      }),
    );
    if (process.env.UPDATE_SNAPSHOT !== undefined) writeFileSync(SNAPSHOT, `${JSON.stringify(fields, null, 2)}\n`);
    const wanted = JSON.parse(readFileSync(SNAPSHOT, "utf8"));
    expect(fields, "run with UPDATE_SNAPSHOT=1 after a wanted change").to.deep.equal(wanted);
  });

  it("describes what is really told", async () => {
    const schemas = new Map(
      Object.entries(document.components.messages).map(([name, { payload }]) => [
        name,
        Compile(whole(payload) as never),
      ]),
    );
    const client = await StreamClient.open(await listening(api));
    const token = await tokenOf(api.app, 1);
    await client.ask({ type: "login", token });
    for (const channel of ["orderbook", "trades", "ticker", "funding"]) {
      await client.subscribe({ channel, market: "BTC-USD" });
    }
    await client.subscribe({ channel: "candles", market: "BTC-USD", resolution: "1h" });
    for (const channel of [
      "orders",
      "conditional-orders",
      "fills",
      "account",
      "payments",
      "forced-trades",
      "finality",
    ]) {
      await client.subscribe({ channel, account: 1 });
    }
    await client.ask({ type: "subscribe", channel: "nothing" });
    await client.ask({ type: "place", body: orderBody({ slot: 1, sequence: 64 }) });
    await post(api.app, "/v1/orders", orderBody({ account: 2, side: "sell", slot: 1, sequence: 64 }));
    await client.next("update", "candles");
    await client.next("update", "fills");
    await client.settled();
    const named = new Set<string>();
    for (const told of client.heard) {
      const name =
        told.channel === undefined || told.type === "subscribed" ? told.type : `${told.channel}.${told.type}`;
      named.add(name);
      expect(schemas.get(name)?.Errors(told), name).to.deep.equal([]);
    }
    expect(named.size).to.be.above(18);
    client.close();
  });
});
