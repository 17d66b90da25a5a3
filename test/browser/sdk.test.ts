import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { Wallet } from "ethers";
import type { FastifyInstance } from "fastify";
import type { Browser, Page } from "playwright-core";
import { createApi } from "../../matcher/api/server.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { receiptsAddress } from "../../matcher/protocol/receipt-group.ts";
import { deriveTradingKey } from "../../matcher/sdk/wallet.ts";
import { ReceiptBook } from "../../matcher/sequencer/receipt-book.ts";
import { ReceiptSigner } from "../../matcher/sequencer/receipt-signer.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { VerifyPool } from "../../matcher/sequencer/verify-pool.ts";
import { PLACE, RECEIPTS_KEY } from "../protocol/sample-receipts.ts";
import { DOMAIN, EPOCH_SECONDS, keyOf, newState, openingCommands } from "../sequencer/exchange-fixture.ts";
import { bundle } from "./bundle.ts";
import { launchChromium } from "./chromium.ts";
import type { derive, Trade, trade } from "./trading-page.ts";

/** What the bundle leaves in the page. */
interface Bundled {
  clearbook: { trade: typeof trade; derive: typeof derive };
}

const PAGE = '<!doctype html><meta charset="utf-8"><title>A trader</title><script src="/page.js"></script>';

/** A page of somebody else's site, in a real browser, over real sockets: other origin, real signatures. */
describe("the SDK in a browser", function () {
  this.timeout(120_000);
  const nowMs = () => EPOCH_SECONDS * 1_000;
  let app: FastifyInstance;
  let pool: VerifyPool;
  let signer: ReceiptSigner;
  let site: Server;
  let browser: Browser;
  let page: Page;
  let apiUrl: string;
  const asked = new Set<string>();
  const complaints: string[] = [];

  before(async function () {
    browser = await launchChromium(this);
    pool = new VerifyPool({ domain: DOMAIN, threads: 1 });
    signer = new ReceiptSigner(PLACE, RECEIPTS_KEY);
    const sequencer = new Sequencer({ state: newState(), verifier: pool, nowMs });
    const receipts = new ReceiptBook({ signer });
    sequencer.onDurable((accepted) => receipts.record(accepted));
    const markets = DEVNET_MARKETS.map(({ market }) => market);
    app = createApi({ sequencer, ...PLACE, domain: DOMAIN, markets, receipts, nowMs });
    for (const command of openingCommands(2)) if (command.type !== "message") sequencer.apply(command);
    apiUrl = await app.listen({ host: "127.0.0.1", port: 0 });

    const script = await bundle(fileURLToPath(new URL("trading-page.ts", import.meta.url)));
    site = createServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(isScript ? script : PAGE);
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    page = await browser.newPage();
    page.on("request", (request) => asked.add(new URL(request.url()).host));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  });
  after(async () => {
    await browser?.close();
    site?.close();
    await app?.close();
    await signer?.close();
    await pool?.close();
  });

  it("logs in, quotes 20 orders at once, follows book and orders, previews, keeps receipts, cancels", async () => {
    const input: Trade = {
      apiUrl,
      scalar: keyOf(1).scalar.toString(),
      account: 1,
      receiptsSigner: receiptsAddress(RECEIPTS_KEY),
      nowMs: nowMs(),
    };
    const told = await page.evaluate((given) => (globalThis as unknown as Bundled).clearbook.trade(given), input);
    expect(told).to.deep.include({ slots: 20, price: "64000.0", resyncs: 0, refusal: null });
    expect(Number(told.maxSize)).to.be.above(0);
    expect(told.changes.filter((status) => status === "open").length).to.equal(20);
    expect(told.changes.filter((status) => status === "closed").length).to.equal(20);
    // Twenty orders and the cancel.
    expect(told.receipts).to.be.at.least(20);
  });

  it("derives the key that Node derives", async () => {
    const wallet = Wallet.createRandom();
    const place = { chainId: PLACE.chainId, exchange: PLACE.exchange };
    const { ax, ay, owner } = await deriveTradingKey(wallet, place);
    const found = await page.evaluate(
      ([key, where]) => (globalThis as unknown as Bundled).clearbook.derive(key, where),
      [wallet.privateKey, place] as const,
    );
    expect(found).to.deep.equal({ ax: ax.toString(), ay: ay.toString(), owner });
  });

  it("asks nobody else, and complains of nothing", () => {
    const own = [new URL(apiUrl).host, new URL(page.url()).host];
    expect([...asked].every((host) => own.includes(host))).to.equal(true);
    expect(complaints).to.deep.equal([]);
  });
});
