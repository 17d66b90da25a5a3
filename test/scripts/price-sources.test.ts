import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { priceSource } from "../../scripts/devnet/price-sources.ts";
import { Refusal } from "../../scripts/supervisor/refusal.ts";

const NOW = 1_800_000_000;
const seeds = { seed: 1n, noiseSeed: 1n, startSeconds: NOW };

describe("The configuration of a source of prices", () => {
  let folder: string;
  let path: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-sources-"));
    path = join(folder, "source.json");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const configured = (name: string, config: unknown) => {
    writeFileSync(path, typeof config === "string" ? config : JSON.stringify(config));
    return priceSource(name, path, seeds);
  };
  async function refusalOf(name: string, config: unknown): Promise<string> {
    try {
      await configured(name, config);
    } catch (error) {
      if (error instanceof Refusal) return error.message.replace(path, "FILE");
      throw error;
    }
    return "taken";
  }

  it("of the simulation tells it what to do when", async () => {
    const [calm, crash] = [
      await priceSource("simulation", undefined, seeds),
      await configured("simulation", { shocks: [{ atSeconds: 5, market: 0, movePpm: -500_000, seconds: 1 }] }),
    ];
    const ticksOf = async (source: typeof calm, seconds: number) => {
      const [btc] = await source.pricesAt(NOW + seconds);
      return (btc as { priceTicks: number }).priceTicks;
    };
    expect(await ticksOf(crash, 5), "the same until then").to.equal(await ticksOf(calm, 5));
    expect(await ticksOf(crash, 6)).to.be.within(320_000, 330_000);
  });

  it("of the simulation is refused at the bounds of a shock", async () => {
    const shock = { atSeconds: 0, market: 7, movePpm: -999_999, seconds: 1 };
    expect(await refusalOf("simulation", { shocks: [shock] })).to.equal("taken");
    const wrong = [{ atSeconds: -1 }, { market: 8 }, { movePpm: -1_000_000 }, { movePpm: 0.5 }, { seconds: 0 }];
    for (const change of [...wrong, { seconds: "1" }]) {
      expect(await refusalOf("simulation", { shocks: [shock, { ...shock, ...change }] })).to.match(
        /^FILE: shock 1 needs whole numbers/,
      );
    }
    expect(await refusalOf("simulation", { shocks: [null] })).to.match(/^FILE: shock 0 needs/);
    expect(await refusalOf("simulation", {})).to.equal("FILE: shocks is no list.");
  });

  it("of a server names its address, its markets and their places", async () => {
    const good = { url: "https://prices.example/all", paths: { "BTC-USD": "data.0" }, timePath: "time" };
    expect((await configured("http", good)).name).to.equal("http");
    const cases: [unknown, RegExp][] = [
      ["[]", /^The configuration FILE is no JSON object\.$/],
      ["{", /^The configuration FILE is no JSON object\.$/],
      [{ ...good, url: "file:///etc/hosts" }, /^FILE: url is no http address\.$/],
      [{ ...good, paths: {} }, /^FILE: paths needs an object/],
      [{ ...good, paths: { "BTC-USD": 1 } }, /^FILE: paths of BTC-USD is no text\.$/],
      [{ ...good, paths: { "XYZ-USD": "a" } }, /^FILE: no market XYZ-USD; there are BTC-USD/],
      [{ ...good, timePath: 1 }, /^FILE: timePath is no text\.$/],
    ];
    for (const [config, sentence] of cases) expect(await refusalOf("http", config)).to.match(sentence);
  });

  it("of aggregators names a chain that has to be the one that answers", async () => {
    const server = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += chunk;
      response.end(JSON.stringify({ jsonrpc: "2.0", id: JSON.parse(text).id, result: "0x7" }));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const rpcUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const good = { rpcUrl, chainId: 7, aggregators: { "ETH-USD": `0x${"12".repeat(20)}` } };
    try {
      expect((await configured("aggregator", good)).name).to.equal("aggregator");
      const other = await configured("aggregator", { ...good, chainId: 8 }).catch((error: Error) => error);
      expect((other as Error).message).to.equal(`The chain at ${rpcUrl} has the id 7, but 8 is expected.`);
      const cases: [unknown, RegExp][] = [
        [{ ...good, rpcUrl: "ws" }, /^FILE: rpcUrl is no http address\.$/],
        [{ ...good, chainId: undefined }, /^FILE: chainId is no whole number/],
        [{ ...good, chainId: 0 }, /^FILE: chainId is no whole number/],
        [{ ...good, aggregators: { "ETH-USD": "0x12" } }, /^FILE: the aggregator of ETH-USD is no address\.$/],
        [{ ...good, aggregators: null }, /^FILE: aggregators needs an object/],
      ];
      for (const [config, sentence] of cases) expect(await refusalOf("aggregator", config)).to.match(sentence);
    } finally {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  });
});
