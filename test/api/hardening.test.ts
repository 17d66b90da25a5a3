import { connect, type Socket } from "node:net";
import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { createApi } from "../../matcher/api/server.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { CHAIN_ID, DOMAIN, EXCHANGE, openedState } from "../sequencer/exchange-fixture.ts";
import { orderBody, post, verifierInThread } from "./api-fixture.ts";

function serve(options: Partial<Parameters<typeof createApi>[0]> = {}): FastifyInstance {
  const sequencer = new Sequencer({ state: openedState(2), verifier: verifierInThread() });
  const markets = DEVNET_MARKETS.map(({ market }) => market);
  return createApi({ sequencer, chainId: CHAIN_ID, exchange: EXCHANGE, domain: DOMAIN, markets, ...options });
}

/** Everything that a socket receives until it is closed from the other side. */
function untilClosed(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes.toString();
  });
  return new Promise((resolve) => {
    // A reset is an end, too.
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

describe("the API's door", () => {
  let app: FastifyInstance;
  afterEach(() => app.close());

  async function open(): Promise<Socket> {
    const { port } = app.server.address() as { port: number };
    const socket = connect(port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    return socket;
  }

  it("cuts off who trickles headers, and who trickles a body", async () => {
    app = serve({ connections: { headersMs: 200, requestMs: 300, checkMs: 50 } });
    await app.listen({ port: 0, host: "127.0.0.1" });
    const headers = await open();
    headers.write("GET /v1/time HTTP/1.1\r\nhost: a\r\nx: ");
    const body = await open();
    body.write("POST /v1/orders HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{");
    expect(await untilClosed(headers)).to.match(/^(HTTP\/1\.1 408|$)/);
    expect(await untilClosed(body)).to.match(/^(HTTP\/1\.1 408|$)/);
  });

  it("takes a sender that leaves in the middle of its body for no defect of its own", async () => {
    const defects: unknown[] = [];
    app = serve({ onDefect: (error) => defects.push(error) });
    const seen: (string | undefined)[] = [];
    app.addHook("onError", async (_request, _reply, error) => {
      seen.push((error as NodeJS.ErrnoException).code);
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    const socket = await open();
    socket.write(
      "POST /v1/orders HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{",
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(seen).to.deep.equal(["ECONNRESET"]);
    expect(defects).to.deep.equal([]);
  });

  it("closes connections beyond their number, and takes the next once one has gone", async () => {
    app = serve({ connections: { connectionsMax: 2 } });
    await app.listen({ port: 0, host: "127.0.0.1" });
    const asked = "GET /v1/time HTTP/1.1\r\nhost: a\r\n\r\n";
    const held = [await open(), await open()];
    for (const socket of held) {
      socket.write(asked);
      await new Promise((resolve) => socket.once("data", resolve));
    }
    const third = await open();
    expect(await untilClosed(third)).to.equal("");
    held[0]?.destroy();
    await new Promise((resolve) => held[0]?.once("close", resolve));
    let answered = "";
    // The server hears of it a moment later.
    while (answered === "") {
      const next = await open();
      next.write(`${asked.slice(0, -2)}connection: close\r\n\r\n`);
      answered = await untilClosed(next);
    }
    expect(answered).to.match(/^HTTP\/1\.1 200/);
    held[1]?.destroy();
  });

  it("answers what is no HTTP with 400, and a header of 20 kB with 431, and goes on", async () => {
    app = serve();
    await app.listen({ port: 0, host: "127.0.0.1" });
    for (const [text, status] of [
      ["\u0000\u0001\u0002 no http\r\n\r\n", "400"],
      [`GET /v1/time HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, "431"],
    ] as const) {
      const socket = await open();
      socket.write(text);
      expect(await untilClosed(socket)).to.match(new RegExp(`^HTTP/1.1 ${status}`));
    }
    expect((await app.inject({ url: "/v1/time" })).statusCode).to.equal(200);
  });

  it("lets pages of every origin ask, since no cookie grants anything, or of those that are named", async () => {
    app = serve();
    const origin = "https://trader.example";
    const any = await app.inject({ url: "/v1/time", headers: { origin } });
    expect(any.headers["access-control-allow-origin"]).to.equal("*");
    expect(any.headers).to.not.have.property("access-control-allow-credentials");
    const preflight = { origin, "access-control-request-method": "POST" };
    const asked = await app.inject({ method: "OPTIONS", url: "/v1/orders", headers: preflight });
    expect([asked.statusCode, asked.body]).to.deep.equal([204, ""]);
    expect(asked.headers["access-control-allow-headers"]).to.equal("authorization, content-type");
    await app.close();
    app = serve({ corsOrigins: ["https://good.example"] });
    const good = await app.inject({ url: "/v1/time", headers: { origin: "https://good.example" } });
    expect(good.headers).to.include({ "access-control-allow-origin": "https://good.example", vary: "origin" });
    const other = await app.inject({ url: "/v1/time", headers: { origin } });
    expect(other.headers).to.not.have.property("access-control-allow-origin");
    expect(other.headers.vary).to.equal("origin");
  });

  describe("refuses bodies", () => {
    const text = JSON.stringify(orderBody());
    for (const [what, body, detail] of [
      ["that name a field twice", text.replace("{", '{"slot":0,'), "twice"],
      ["that name a field twice deep inside", text.replace('"signature":{', '"signature":{"s":"1",'), "twice"],
      ["that name a field twice, once by escapes", text.replace("{", '{"\\u0073lot":0,'), "twice"],
      ["with an own __proto__", text.replace("{", '{"__proto__":{"account":1},'), "no field here"],
      ["that are not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), "UTF-8"],
      ["that nest five deep", '{"a":{"b":{"c":{"d":{}}}}}', "deeper"],
    ] as const) {
      it(what, async () => {
        app = serve();
        const reply = await app.inject({
          method: "POST",
          url: "/v1/orders",
          payload: body,
          headers: { "content-type": "application/json" },
        });
        expect([reply.statusCode, reply.json().code]).to.deep.equal([400, "MALFORMED"]);
        expect(reply.json().detail).to.contain(detail);
      });
    }

    it("but not for colons, quotes and brackets inside of strings", async () => {
      app = serve();
      const reply = await post(app, "/v1/orders", orderBody({}, { clientId: 'a:"b":{[\\"c\\":' }));
      expect(reply.status).to.equal(200);
    });

    it("of more than 16 KiB, and of a batch of more than 64", async () => {
      app = serve();
      for (const [url, bytes, code] of [
        ["/v1/orders", 16 * 1024, "MALFORMED"],
        ["/v1/orders", 16 * 1024 + 1, "BODY_TOO_LARGE"],
        ["/v1/orders/batch", 64 * 1024, "MALFORMED"],
        ["/v1/orders/batch", 64 * 1024 + 1, "BODY_TOO_LARGE"],
      ] as const) {
        expect((await post(app, url, `"${"x".repeat(bytes - 2)}"`)).body.code, `${bytes}`).to.equal(code);
      }
    });
  });
});
