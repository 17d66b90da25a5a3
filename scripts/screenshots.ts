/**
 * Makes the pictures of README and docs from the running page: a fresh devnet with bots, a real wallet, a real browser.
 *
 *   npm run command screenshots [-- --trade <seconds>]
 */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import type { Browser, Page } from "playwright-core";
import { DEV_CHAIN_IDS } from "../matcher/protocol/spec.ts";
import { missingChromium, startChromium } from "../test/browser/chromium.ts";
import { InjectedWallet } from "../test/browser/injected-wallet.ts";
import { StartedExchange } from "../test/browser/started-exchange.ts";
import { buildPage } from "./building/build-page.ts";
import { devnetWallet } from "./devnet/wallets.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

const FOLDER = "docs/pictures";
const TRADER_WALLET = 17;
const DESK = { width: 1440, height: 900 };
const TALL = { width: 1280, height: 1270 };
const PHONE = { width: 390, height: 844 };
const BYTES_MAX = 200_000;
const CHAIN_MS = 300_000;

async function take(page: Page, name: string): Promise<void> {
  // What has just happened is told over the page for a while.
  await page
    .locator(".notice")
    .first()
    .waitFor({ state: "detached" })
    .catch(() => {});
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
  const { size } = statSync(path);
  if (size > BYTES_MAX)
    throw new Refusal(`${path} has ${size} bytes: pictures in the repository have at most ${BYTES_MAX}.`);
  console.log(`${path}, ${Math.round(size / 1_000)} kB`);
}

/** Connects, registers, deposits. */
async function enter(page: Page): Promise<void> {
  const dialog = page.getByRole("dialog");
  const press = (name: string | RegExp) =>
    dialog.getByRole("button", { name, exact: typeof name === "string" }).click();
  await page.getByRole("button", { name: "Connect wallet" }).click();
  await press("Test wallet");
  await press("Sign in with the wallet");
  await press("Register");
  await dialog.getByRole("button", { name: "Trade", exact: true }).click({ timeout: CHAIN_MS });
  await page.getByRole("button", { name: "Deposit", exact: true }).click();
  await press(/test dollars/);
  await dialog.getByText("In the wallet: $10,000").waitFor({ timeout: CHAIN_MS });
  await dialog.getByRole("textbox", { name: "Amount" }).fill("7500");
  await press("Deposit");
  await dialog.locator(".steps .now", { hasText: /credited|proven/ }).waitFor({ timeout: CHAIN_MS });
  await take(page, "deposit");
  await page.keyboard.press("Escape");
}

async function trade(page: Page): Promise<void> {
  const form = page.getByRole("form", { name: "Order" });
  await form.getByRole("button", { name: "Market", exact: true }).click();
  await form.getByLabel("Size", { exact: true }).fill("0.12");
  await form.locator(".send").click();
  await page.getByRole("table", { name: "Positions" }).waitFor({ timeout: CHAIN_MS });
  await form.getByRole("button", { name: "Limit", exact: true }).click();
  for (const [side, price, size] of [
    ["Buy", "64000", "0.05"],
    ["Sell", "67000", "0.1"],
  ] as const) {
    await form.getByRole("button", { name: side, exact: true }).click();
    await form.getByLabel("Price", { exact: true }).fill(price);
    await form.getByLabel("Size", { exact: true }).fill(size);
    await form.locator(".send").click();
    await page.getByText("It rests in the book.").first().waitFor();
  }
}

async function picture(browser: Browser, { url, rpcUrl }: StartedExchange): Promise<void> {
  const wallet = new InjectedWallet(devnetWallet(TRADER_WALLET), rpcUrl, {
    exchangeChainId: DEV_CHAIN_IDS[0] as number,
  });
  try {
    const page = await browser.newPage({ viewport: DESK, colorScheme: "dark" });
    await wallet.inject(page);
    await page.goto(url);
    await enter(page);
    await trade(page);
    const form = page.getByRole("form", { name: "Order" });
    await form.getByRole("button", { name: "Buy", exact: true }).click();
    await form.getByLabel("Price", { exact: true }).fill("64990");
    await form.getByLabel("Size", { exact: true }).fill("0.25");
    await take(page, "trade");
    await page.getByRole("button", { name: "Use light colours" }).click();
    await page.getByRole("tab", { name: /Open orders/ }).click();
    await take(page, "trade-light");
    await page.getByRole("button", { name: "Use dark colours" }).click();
    await form.getByRole("button", { name: "Market", exact: true }).click();
    await form.getByLabel("Size", { exact: true }).fill("0.6");
    await page.locator(".size-preview summary").click();
    await page.getByRole("tab", { name: "Order history" }).click();
    await page.setViewportSize(TALL);
    await take(page, "size");
    await page.setViewportSize(DESK);
    await page.getByRole("link", { name: "Status" }).click();
    await page.locator(".uptime").waitFor();
    await page.getByRole("button", { name: "Recompute" }).first().click();
    await page.getByText("✓ agrees").waitFor();
    await take(page, "status");
    const phone = await browser.newPage({ viewport: PHONE, isMobile: true, hasTouch: true, colorScheme: "dark" });
    await phone.goto(url);
    await phone.getByRole("tab", { name: "Book" }).tap();
    await phone.locator(".ladder-bid .rung:not(.rung-empty)").first().waitFor();
    await take(phone, "phone");
  } finally {
    wallet.close();
  }
}

await runCommand(async () => {
  const { trade: seconds } = new Command("screenshots")
    .option("--trade <seconds>", "how long bots trade before the first picture", "150")
    .parse()
    .opts<{ trade: string }>();
  const missing = missingChromium();
  if (missing !== undefined) throw new Refusal(`There is ${missing}.`);
  mkdirSync(FOLDER, { recursive: true });
  await buildPage();
  const exchange = await StartedExchange.start("--bots", "3");
  const browser = await startChromium();
  try {
    await new Promise((wake) => setTimeout(wake, Number(seconds) * 1_000));
    await picture(browser, exchange);
  } finally {
    await browser.close();
    await exchange.stop();
  }
  return undefined;
});
