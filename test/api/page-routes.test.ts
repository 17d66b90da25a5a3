import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { loadPage, type PageFiles } from "../../matcher/api/page-files.ts";
import { acceptedEncoding, TRADING_PAGE_POLICY } from "../../matcher/api/page-routes.ts";
import { createApi } from "../../matcher/api/server.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { CHAIN_ID, DOMAIN, EXCHANGE, openedState } from "../sequencer/exchange-fixture.ts";
import { testApi, verifierInThread } from "./api-fixture.ts";

describe("the trading page over HTTP", () => {
  let folder: string;
  let page: PageFiles;
  let app: FastifyInstance;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-page-"));
    writeFileSync(join(folder, "index.html"), "<!doctype html>plain");
    writeFileSync(join(folder, "index.html.br"), "brotli");
    writeFileSync(join(folder, "index.html.gz"), "gzip");
    writeFileSync(join(folder, "index-1.js"), "script");
    writeFileSync(join(folder, "notes.txt"), "not served");
    page = loadPage(folder) as PageFiles;
    const sequencer = new Sequencer({ state: openedState(1), verifier: verifierInThread() });
    const markets = DEVNET_MARKETS.map(({ market }) => market);
    app = createApi({ sequencer, chainId: CHAIN_ID, exchange: EXCHANGE, domain: DOMAIN, markets, page });
  });
  after(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("lets the page run and show what came with it, ask this host, and nothing else", async () => {
    const { headers, body, statusCode } = await app.inject("/");
    expect(statusCode).to.equal(200);
    expect(body).to.equal("<!doctype html>plain");
    expect(headers["content-type"]).to.equal("text/html; charset=utf-8");
    expect(headers["x-content-type-options"]).to.equal("nosniff");
    expect(headers["referrer-policy"]).to.equal("no-referrer");
    expect(headers["content-security-policy"]).to.equal(TRADING_PAGE_POLICY);
    const directives = new Map(
      TRADING_PAGE_POLICY.split("; ").map((directive) => {
        const [name = "", ...values] = directive.split(" ");
        return [name, values.join(" ")];
      }),
    );
    expect(Object.fromEntries(directives)).to.deep.equal({
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": "'self'",
      "img-src": "'self' data:",
      "connect-src": "'self'",
      "base-uri": "'none'",
      "form-action": "'none'",
      "frame-ancestors": "'none'",
      "require-trusted-types-for": "'script'",
    });
  });

  it("is asked for each time, and its files are kept for ever", async () => {
    expect((await app.inject("/")).headers["cache-control"]).to.equal("no-cache");
    const script = await app.inject("/assets/index-1.js");
    expect(script.headers["cache-control"]).to.equal("public, max-age=31536000, immutable");
    expect(script.headers["content-type"]).to.equal("text/javascript; charset=utf-8");
    expect(script.headers["x-content-type-options"]).to.equal("nosniff");
    expect(script.body).to.equal("script");
  });

  it("comes in the smallest form that the browser takes", async () => {
    const of = async (accepted: string) => {
      const { headers, body } = await app.inject({ url: "/", headers: { "accept-encoding": accepted } });
      expect(headers.vary).to.equal("accept-encoding");
      return [headers["content-encoding"], body];
    };
    expect(await of("gzip, deflate, br")).to.deep.equal(["br", "brotli"]);
    expect(await of("gzip")).to.deep.equal(["gzip", "gzip"]);
    expect(await of("BR;q=0.5")).to.deep.equal(["br", "brotli"]);
    expect(await of("br;q=0, gzip;q=0.0")).to.deep.equal([undefined, "<!doctype html>plain"]);
    expect(await of("identity")).to.deep.equal([undefined, "<!doctype html>plain"]);
    expect(acceptedEncoding(undefined, page.index)).to.equal("identity");
    // What was not compressed is sent as it is.
    const script = page.assets.get("index-1.js");
    expect(script === undefined ? "" : acceptedEncoding("br", script)).to.equal("identity");
  });

  it("serves nothing else of its folder, and nothing beside it", async () => {
    for (const url of [
      "/assets/notes.txt",
      "/assets/index.html",
      "/assets/..%2fpackage.json",
      "/assets/",
      "/index.html",
    ]) {
      expect((await app.inject(url)).statusCode, url).to.equal(404);
    }
  });

  it("is no part of the API's document, and of no exchange that has none", async () => {
    const { paths } = (await app.inject("/v1/openapi.json")).json<{ paths: object }>();
    expect(Object.keys(paths)).not.to.include("/");
    const without = testApi(1);
    expect((await without.app.inject("/")).statusCode).to.equal(404);
    await without.app.close();
    expect(loadPage(join(folder, "nowhere"))).to.equal(undefined);
  });
});
