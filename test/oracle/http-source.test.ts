import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { HttpSource } from "../../matcher/oracle/http-source.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";

const NOW = 1_800_000_000;
const [BTC, ETH] = [DEVNET_MARKETS[0]!.market, DEVNET_MARKETS[1]!.market];

describe("Prices from a server", () => {
  let server: Server;
  let url: string;
  let answer: { status: number; headers?: Record<string, string>; body: string; unfinished?: true };
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(answer.status, answer.headers).write(answer.body);
      if (answer.unfinished !== true) response.end();
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    const closed = new Promise((done) => server.close(done));
    server.closeAllConnections();
    return closed;
  });

  const paths = [
    { market: BTC, path: "data.btc.0" },
    { market: ETH, path: "data.eth" },
  ];
  const prices = (body: string, timePath?: string) => {
    answer = { status: 200, body };
    return new HttpSource({ url, paths, ...(timePath === undefined ? {} : { timePath }) }).pricesAt(NOW);
  };
  const refusal = (asking: Promise<unknown>) =>
    asking.then(
      () => "answered",
      (error: Error) => error.message,
    );

  it("are read where the configuration says, numbers exactly as they are written", async () => {
    const [btc, eth] = await prices('{"data": {"btc": [65000.05], "eth": "3000.004999999999999999999"}}');
    expect(btc).to.deep.equal({ priceTicks: 650_001, timeSeconds: NOW });
    expect(eth).to.deep.equal({ priceTicks: 300_000, timeSeconds: NOW });
    const [small] = await prices('{"data": {"btc": [6.5e4], "eth": 1}}');
    expect(small).to.include({ priceTicks: 650_000 });
    const [tiny] = await prices('{"data": {"btc": [65000049999999999999999e-18], "eth": 1}}');
    expect(tiny).to.include({ priceTicks: 650_000 });
  });

  it("of one market do not suffer from another's nonsense", async () => {
    for (const nonsense of [
      "null",
      '"NaN"',
      "-1",
      "0",
      "1e99",
      "1e-99",
      "true",
      "[]",
      '"0x10"',
      `"${"9".repeat(80)}"`,
    ]) {
      const [btc, eth] = await prices(`{"data": {"btc": [${nonsense}], "eth": 3000}}`);
      expect(btc, nonsense).to.have.property("reason");
      expect(eth).to.include({ priceTicks: 300_000 });
    }
    const [inherited] = await prices('{"data": {"btc": {}, "eth": 3000}}');
    expect(inherited).to.have.property("reason");
  });

  it("have the server's time, or none at all when that is no time", async () => {
    const body = (time: string) => `{"time": ${time}, "data": {"btc": [65000], "eth": 3000}}`;
    expect((await prices(body(`${NOW - 9}`), "time"))[0]).to.include({ timeSeconds: NOW - 9 });
    expect((await prices(body(`${NOW + 1}`), "time"))[0], "its clock may be ahead").to.include({
      timeSeconds: NOW + 1,
    });
    expect(await refusal(prices(body('"soon"'), "time"))).to.match(/is no time/);
  });

  it("are none at all from an answer that is no JSON, too long, an error or a redirect, which is not followed", async () => {
    expect(await refusal(prices("{"))).to.match(/^http:\S+ answers with something that is no JSON$/);
    const long = (bytes: number) => '{"data": {"btc": [65000], "eth": 3000}}'.padEnd(bytes);
    expect((await prices(long(1 << 20)))[0]).to.include({ priceTicks: 650_000 });
    expect(await refusal(prices(long((1 << 20) + 1)))).to.match(/more than 1048576 bytes/);
    const source = new HttpSource({ url, paths });
    answer = { status: 500, body: "{}" };
    expect(await refusal(source.pricesAt(NOW))).to.match(/status 500/);
    asked = [];
    answer = { status: 302, headers: { location: `${url}/elsewhere` }, body: "" };
    expect(await refusal(source.pricesAt(NOW))).to.match(/gives no answer: unexpected redirect/);
    expect(asked).to.deep.equal(["/"]);
  });

  it("are none at all from a server that is too slow, before its answer or in the middle of it", async () => {
    const source = new HttpSource({ url, paths, answerLimitMs: 200 });
    const body = '{"data": {"btc": [65000], "eth": 3000}}';
    for (const begun of ["", body.slice(0, 10), body]) {
      answer = { status: 200, body: begun, unfinished: true };
      const asking = performance.now();
      expect(await refusal(source.pricesAt(NOW)), begun).to.match(/^http:\S+ gives no answer: .*timeout/);
      expect(performance.now() - asking).to.be.within(190, 2_000);
    }
    answer = { status: 200, body };
    expect((await source.pricesAt(NOW))[0]).to.include({ priceTicks: 650_000 });
  });
});
