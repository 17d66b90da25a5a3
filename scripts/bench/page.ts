/**
 * How the trading page keeps up with a book that changes 50 times a second, in a real browser, and how soon it can be used. Run:
 * `npm run with-node -- node scripts/bench/page.ts [seconds]`, 10 unless told otherwise.
 */
import type { CDPSession, Page } from "playwright-core";
import { missingChromium, startChromium } from "../../test/browser/chromium.ts";
import { PageExchange } from "../../test/browser/page-exchange.ts";
import { buildPage, PAGE_FOLDER } from "../building/build-page.ts";
import { pageWeight } from "../building/first-load.ts";
import { reportRows, reportSkipped } from "./frame/bench-row.ts";

const UPDATES_PER_SECOND = 50;
const WARM_UP_MS = 1_000;
/** Slots whose orders change, apart from those that rest. */
const FIRST_SLOT = 100;
const SLOTS = 24;

/** Times between frames of a page, milliseconds, while something goes on. */
async function frameTimes(page: Page, during: () => Promise<unknown>): Promise<number[]> {
  await page.evaluate(() => {
    const times: number[] = [];
    let last = performance.now();
    const frame = () => {
      const now = performance.now();
      times.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    Object.assign(globalThis, { frameTimes: times });
  });
  await during();
  const times = await page.evaluate(() => (globalThis as unknown as { frameTimes: number[] }).frameTimes);
  return times.sort((a, b) => a - b);
}

/** Seconds that the page's main thread has worked so far. */
async function workedSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
}

/** Changes the book evenly: orders come and go at both sides. */
async function quoteFor(exchange: PageExchange, seconds: number): Promise<number> {
  const startMs = performance.now();
  // What comes to one slot comes in order.
  const bySlot = new Map<number, Promise<unknown>>();
  for (let i = 0; i < seconds * UPDATES_PER_SECOND; i++) {
    const waitMs = startMs + (i * 1_000) / UPDATES_PER_SECOND - performance.now();
    if (waitMs > 0) await new Promise((wake) => setTimeout(wake, waitMs));
    const side = i % 2 === 0 ? "buy" : "sell";
    const price = side === "buy" ? 64_990 - (i % SLOTS) / 2 : 65_010 + (i % SLOTS) / 2;
    const terms = { market: "BTC-USD", side, price: `${price}`, size: `0.0${1 + (i % 9)}` } as const;
    const slot = FIRST_SLOT + (i % SLOTS);
    const before = bySlot.get(slot) ?? Promise.resolve();
    bySlot.set(
      slot,
      before.then(() => exchange.maker.replace(slot, terms)),
    );
  }
  await Promise.all(bySlot.values());
  return performance.now() - startMs;
}

async function measure(seconds: number): Promise<void> {
  await buildPage();
  const exchange = await PageExchange.open();
  await exchange.quote();
  const browser = await startChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const openedMs = performance.now();
    await page.goto(exchange.url);
    await page.locator(".ladder-bid .rung:not(.rung-empty)").first().waitFor();
    const usableMs = performance.now() - openedMs;
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    await page.waitForTimeout(WARM_UP_MS);
    const before = await workedSeconds(session);
    let elapsedMs = 0;
    const times = await frameTimes(page, async () => {
      elapsedMs = await quoteFor(exchange, seconds);
    });
    const share = ((await workedSeconds(session)) - before) / (elapsedMs / 1_000);
    const at = (part: number) => times[Math.floor((times.length - 1) * part)] as number;
    const { firstBytes, laterBytes } = pageWeight(PAGE_FOLDER);
    const what = `${UPDATES_PER_SECOND} updates of the book a second`;
    reportRows([
      { figure: `page, frame, median, ${what}`, value: at(0.5), unit: "ms", better: "lower", goal: 17 },
      { figure: `page, frame, 99 %, ${what}`, value: at(0.99), unit: "ms", better: "lower", goal: 34 },
      { figure: `page, main thread, ${what}`, value: share * 100, unit: "%", better: "lower", goal: 40 },
      { figure: "page, opened to usable", value: usableMs, unit: "ms", better: "lower", goal: 2_000 },
      { figure: "page, first load", value: firstBytes / 1_000, unit: "kB gzip", better: "lower", goal: 400 },
      { figure: "page, wallet and status", value: laterBytes / 1_000, unit: "kB gzip", better: "lower" },
    ]);
  } finally {
    await browser.close();
    await exchange.close();
  }
}

const missing = missingChromium();
if (missing !== undefined) reportSkipped(`The page was not measured: ${missing}.`);
else await measure(Number(process.argv[2] ?? 10));
