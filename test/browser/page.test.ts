import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import type { WireMarkets, WireStatus } from "../../matcher/protocol/api-wire.ts";
import { accessibilityFaults } from "./accessibility.ts";
import { launchChromium } from "./chromium.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";
import { Line } from "./line.ts";
import { PageExchange } from "./page-exchange.ts";
import { PageWatch } from "./page-watch.ts";

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };

/** The page in a real browser, by an exchange of this process: real book, real streams, no chain. */
describe("the trading page in a browser", function () {
  this.timeout(60_000);
  let exchange: PageExchange;
  let browser: Browser;
  let line: Line;
  const pages: Page[] = [];

  before(async function () {
    this.timeout(120_000);
    browser = await launchChromium(this);
    exchange = await PageExchange.open();
    await exchange.quote();
    line = await Line.open(exchange.url);
  });
  after(async () => {
    await browser?.close();
    await line?.close();
    await exchange?.close();
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
  });

  async function open(
    options: Parameters<Browser["newPage"]>[0] = { viewport: DESK },
    prepare: (page: Page) => Promise<unknown> = async () => {},
    hash = "",
  ): Promise<{ page: Page; watch: PageWatch }> {
    const page = await browser.newPage(options);
    pages.push(page);
    const watch = new PageWatch(page);
    await prepare(page);
    await page.goto(`${line.url}/${hash}`);
    return { page, watch };
  }

  const bookOf = (page: Page) => page.locator(".ladder-bid .rung:not(.rung-empty) .price").first();

  it("shows book, trades and candles, asks this host alone, and breaks no policy", async () => {
    const { page, watch } = await open();
    await bookOf(page).waitFor();
    expect(await bookOf(page).textContent()).to.equal("64,990.0");
    expect(await page.locator(".ladder-ask .rung:not(.rung-empty) .price").last().textContent()).to.equal("65,010.0");
    await page.getByText("64,990.0 sold").waitFor({ state: "attached" });
    await page.locator(".canvas canvas").first().waitFor();
    await exchange.maker.place({ market: "BTC-USD", side: "buy", price: "64999", size: "0.02" });
    await page.locator(".ladder-bid").getByText("64,999.0").waitFor();
    await page.goto(`${line.url}/#/status`);
    await page.getByRole("heading", { name: "Trading" }).waitFor();
    await exchange.maker.cancelMarket("BTC-USD");
    await exchange.quote();
    expect([...watch.hosts]).to.deep.equal([new URL(line.url).host]);
    expect(watch.complaints).to.deep.equal([]);
  });

  it("groups the book by the price step that is chosen", async () => {
    const { page } = await open();
    await bookOf(page).waitFor();
    await page.getByLabel("Price step").selectOption("50.0");
    await page.locator(".ladder-bid").getByText("64,950.0").waitFor();
    expect(await bookOf(page).textContent()).to.equal("64,950.0");
    expect(await page.locator(".ladder-ask .rung:not(.rung-empty) .price").last().textContent()).to.equal("65,050.0");
  });

  it("goes to another market by the menu, with the keyboard alone", async () => {
    const { page } = await open();
    await bookOf(page).waitFor();
    await page.getByRole("button", { name: "BTC-USD" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "ETH-USD" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "ETH-USD" }).waitFor();
    expect(new URL(page.url()).hash).to.equal("#/trade/ETH-USD");
    await page.getByRole("button", { name: "ETH-USD" }).press("Enter");
    await page.getByRole("table", { name: "Markets" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("table", { name: "Markets" }).waitFor({ state: "detached" });
  });

  it("says that the exchange is away, and goes on by itself when it is back", async () => {
    const { page, watch } = await open();
    await bookOf(page).waitFor();
    line.cut();
    await page.getByText("The exchange does not answer.").waitFor();
    await page.getByText("Reconnecting").waitFor();
    await exchange.maker.place({ market: "BTC-USD", side: "buy", price: "64998", size: "0.02" });
    line.mend();
    await page.getByText("The exchange does not answer.").waitFor({ state: "detached" });
    await page.locator(".ladder-bid").getByText("64,998.0").waitFor();
    expect(watch.complaints).to.deep.equal([]);
    await exchange.maker.cancelMarket("BTC-USD");
    await exchange.quote();
  });

  it("comes up by itself when the exchange was away at first", async () => {
    const { page } = await open(undefined, async (fresh) => {
      let refusals = 3;
      await fresh.route("**/v1/markets", (route) => (refusals-- > 0 ? route.abort() : route.continue()));
    });
    await page.getByText("Waiting for the exchange").waitFor();
    await bookOf(page).waitFor();
  });

  it("warns of development keys, and of a price that is stale", async () => {
    const { page } = await open();
    await page.locator("[data-banner=development-keys]").getByText("this is a test").waitFor();
    expect(await page.locator("[data-banner=stale-price]").getByText("has no fresh price").count()).to.equal(0);
    exchange.openEpoch(2, true);
    await page.locator("[data-banner=stale-price]").getByText("BTC-USD has no fresh price").waitFor();
    exchange.openEpoch(3, false);
    await page.locator("[data-banner=stale-price]").getByText("has no fresh price").waitFor({ state: "detached" });
  });

  it("shows hostile texts as text, and no market whose name is none", async () => {
    const hostile = HOSTILE_TEXTS.join("\n");
    for (const hash of ["", "#/status"]) {
      const { page, watch } = await open(
        undefined,
        async (fresh) => {
          await fresh.route("**/v1/status", async (route) => {
            const response = await route.fetch();
            const status = (await response.json()) as WireStatus;
            const chain = {
              warning: hostile,
              halted: hostile,
              watcher: { lastError: hostile },
              epochs: { waitingFor: hostile },
            };
            const oracle = {
              ...{ threshold: 2, round: 1, accepted: 1, refused: 0 },
              signers: HOSTILE_TEXTS.map((signer) => ({
                signer,
                round: 1,
                timeSeconds: 1,
                ageSeconds: 1,
                drift: [],
                refused: 0,
              })),
              markets: HOSTILE_TEXTS.map((market) => ({ market, median: "1", ageSeconds: 1, prices: 1 })),
            };
            await route.fulfill({ response, json: { ...status, status: "halted", chain, oracle } });
          });
          await fresh.route("**/v1/markets", async (route) => {
            const response = await route.fetch();
            const served = (await response.json()) as WireMarkets;
            const markets = HOSTILE_TEXTS.map((symbol) => ({ ...served.markets[0], symbol }));
            await route.fulfill({ response, json: { ...served, markets } });
          });
        },
        hash,
      );
      await page.locator("[data-banner=development-keys]").waitFor();
      expect(await page.locator("[data-banner=development-keys]").textContent()).to.equal(hostile);
      await page.getByText("The exchange's markets cannot be shown.").waitFor();
      if (hash !== "") {
        const heads = await page.locator(".tile", { hasText: "A median needs" }).locator("thead th").allTextContents();
        expect(heads.slice(2, -1)).to.deep.equal([...HOSTILE_TEXTS]);
      }
      expect(await page.evaluate(() => (globalThis as { hurt?: number }).hurt)).to.equal(undefined);
      const brought = "main script, main iframe, main img, main form[action], main link, .banners *:not(p, b, a)";
      expect(await page.locator(brought).count()).to.equal(0);
      expect([...watch.hosts]).to.deep.equal([new URL(line.url).host]);
      expect(watch.complaints).to.deep.equal([]);
    }
  });

  it("can be used by those who do not see it or use no pointer, in both colour schemes", async () => {
    for (const colorScheme of ["dark", "light"] as const) {
      for (const hash of ["", "#/status"]) {
        const { page } = await open({ viewport: DESK, colorScheme }, undefined, hash);
        await (hash === "" ? bookOf(page) : page.getByRole("heading", { name: "Trading" })).waitFor();
        if (hash === "") await page.locator(".size-preview summary").click();
        expect(await accessibilityFaults(page), `${colorScheme} ${hash}`).to.deep.equal([]);
        await page.getByRole("button", { name: "Connect wallet" }).click();
        await page.getByRole("dialog").waitFor();
        expect(await accessibilityFaults(page), `dialog, ${colorScheme}`).to.deep.equal([]);
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
      }
    }
  });

  it("shows where the focus is, and lets it skip to the content first", async () => {
    const { page } = await open();
    await bookOf(page).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).to.equal("Skip to the content");
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press("Tab");
      const outline = await page.evaluate(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement as Element);
        return outlineStyle === "none" ? 0 : Number.parseFloat(outlineWidth);
      });
      expect(outline).to.be.at.least(1);
    }
  });

  it("keeps the colours that were chosen, and moves nothing for who wants no motion", async () => {
    const { page } = await open({ viewport: DESK, colorScheme: "dark", reducedMotion: "reduce" });
    await bookOf(page).waitFor();
    await page.getByRole("button", { name: "Use light colours" }).click();
    await page.reload();
    await bookOf(page).waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).to.equal("light");
    expect(await page.evaluate(() => document.getAnimations().length)).to.equal(0);
    expect(
      await page
        .locator(".button")
        .first()
        .evaluate((button) => getComputedStyle(button).transitionDuration),
    ).to.equal("0s");
  });

  it("fits a phone: one part at a time, nothing beside the screen, fingers hit what they aim at", async () => {
    const { page } = await open({ viewport: PHONE, isMobile: true, hasTouch: true });
    await page.getByRole("tab", { name: "Chart" }).waitFor();
    for (const part of ["Book", "Trades", "Order", "Account", "Chart"]) {
      await page.getByRole("tab", { name: part, exact: true }).tap();
      await page.locator(`.trade > .${part.toLowerCase()}`).waitFor();
      expect(await page.locator(".trade > .panel:visible").count(), part).to.equal(1);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), part).to.be.at.most(PHONE.width);
    }
    for (const tab of await page.locator(".sections [role=tab]").all()) {
      expect((await tab.boundingBox())?.height).to.be.at.least(44);
    }
    await page.goto(`${line.url}/#/status`);
    await page.getByRole("heading", { name: "Trading" }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(PHONE.width);
  });

  it("compares sending at once with slices, as picture and numbers", async () => {
    const { page } = await open();
    await bookOf(page).waitFor();
    await page.getByRole("button", { name: "Market", exact: true }).click();
    await page.getByLabel("Size", { exact: true }).fill("0.2");
    await page.locator(".size-preview summary").click();
    const picture = page.locator(".size-picture");
    await picture.waitFor();
    expect(await picture.getAttribute("aria-label")).to.match(
      /^At once \d+\.\d bp of slippage; in 6 slices \d+\.\d bp on the mean/,
    );
    const slippage = page.locator(".comparison tr", { hasText: "Slippage" }).first();
    const [atOnce, sliced] = await slippage.locator("td").allTextContents();
    expect(Number.parseFloat(atOnce as string)).to.be.above(Number.parseFloat(sliced as string));
    // A book that nobody fills again costs the same either way.
    await page.getByLabel("Book refills by").selectOption("0%");
    await page.waitForFunction(() => {
      const cells = document.querySelectorAll(".comparison tbody tr:nth-child(2) td");
      return cells[0]?.textContent === cells[1]?.textContent;
    });
  });
});
