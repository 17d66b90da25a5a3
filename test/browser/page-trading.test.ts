import { expect } from "chai";
import type { Browser, Locator, Page } from "playwright-core";
import { usdFromMicroUsd } from "../../matcher/protocol/decimal.ts";
import { OnchainWallet } from "../../matcher/sdk/onchain.ts";
import { devnetWallet } from "../../scripts/devnet/wallets.ts";
import { launchChromium } from "./chromium.ts";
import { InjectedWallet, OTHER_CHAIN_ID } from "./injected-wallet.ts";
import { Line } from "./line.ts";
import { PageWatch } from "./page-watch.ts";
import { StartedExchange } from "./started-exchange.ts";

const CHAIN_ID = 31_337;
const TRADER_WALLET = 15;
const OTHER_WALLET = 16;
/** Blocks, confirmations and proofs of a small machine. */
const CHAIN_MS = 120_000;
const PROOF_MS = 600_000;
const PASSPHRASE = "correct horse battery";

/** One trader's life in a real browser: a real chain, real proofs, a wallet that really signs. Each test goes on where the one before ended. */
describe("trading in a browser", function () {
  this.timeout(PROOF_MS);
  let exchange: StartedExchange;
  let line: Line;
  let browser: Browser;
  let page: Page;
  let watch: PageWatch;
  let wallet: InjectedWallet;

  before(async function () {
    browser = await launchChromium(this);
    exchange = await StartedExchange.start("--bots", "1");
    const chain = { exchangeChainId: CHAIN_ID, isElsewhere: true };
    wallet = new InjectedWallet(devnetWallet(TRADER_WALLET), exchange.rpcUrl, chain);
    page = await (await browser.newContext({ viewport: { width: 1440, height: 1000 } })).newPage();
    watch = new PageWatch(page);
    await wallet.inject(page);
    line = await Line.open(exchange.url);
    await page.goto(line.url);
    await page.locator(".ladder-bid .rung:not(.rung-empty)").first().waitFor();
  });
  after(async () => {
    await browser?.close();
    wallet?.close();
    await line?.close();
    await exchange?.stop();
  });

  const dialog = () => page.getByRole("dialog");
  const button = (name: string | RegExp, within: Page | Locator = dialog()) =>
    within.getByRole("button", { name, exact: typeof name === "string" });
  const form = () => page.getByRole("form", { name: "Order" });
  const rows = (table: string) => page.getByRole("table", { name: table }).locator("tbody tr");
  const tab = (name: string | RegExp) => page.getByRole("tab", { name }).click();
  const field = (name: string) => form().getByLabel(name, { exact: true });
  const bestAsk = async () =>
    (await page.locator(".ladder-ask .rung:not(.rung-empty) .price").last().textContent())?.replaceAll(
      ",",
      "",
    ) as string;

  it("connects, and stays outside when the user declines", async () => {
    await page.getByRole("button", { name: "Connect wallet" }).click();
    wallet.rejectsNext = true;
    await button("Test wallet").click();
    await dialog().getByText("You declined it in the wallet. Nothing was changed.").waitFor();
    await button("Test wallet").click();
    await dialog().getByText(`Test wallet is on chain ${OTHER_CHAIN_ID}`).waitFor();
  });

  it("has the wallet change to the exchange's chain, which it learns of", async () => {
    wallet.rejectsNext = true;
    await button("Change the network").click();
    await dialog().getByText("You declined it").waitFor();
    expect(wallet.asked).to.include("wallet_addEthereumChain");
    await button("Change the network").click();
    await button("Sign in with the wallet").waitFor();
    expect(wallet.chainId).to.equal(CHAIN_ID);
  });

  it("follows the wallet to another chain and back", async () => {
    await wallet.changeChain(OTHER_CHAIN_ID);
    await button("Change the network").waitFor();
    await wallet.changeChain(CHAIN_ID);
    await button("Sign in with the wallet").waitFor();
  });

  it("signs in by two signatures, is not stuck by a declined or a lost request, and registers", async () => {
    wallet.rejectsNext = true;
    await button("Sign in with the wallet").click();
    await dialog().getByText("You declined it").waitFor();
    wallet.isSilent = true;
    await button("Sign in with the wallet").click();
    await button("Stop waiting").click();
    wallet.isSilent = false;
    await button("Sign in with the wallet").click();
    await button("Register").waitFor();
    expect(wallet.asked.filter((method) => method === "eth_signTypedData_v4").length).to.equal(4);
    wallet.rejectsNext = true;
    await button("Register").click();
    await dialog().getByText("You declined it").waitFor();
    await button("Register").click();
    await button("Disconnect").waitFor({ timeout: CHAIN_MS });
  });

  it("keeps the key on the device, encrypted, and unlocks it after a reload without a signature", async () => {
    await dialog().getByLabel("Passphrase, to keep the key on this device").fill(PASSPHRASE);
    await button("Keep it, encrypted").click();
    await dialog().getByText("encrypted on this device").waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Sign in" }).click();
    await dialog().getByLabel("Passphrase of the key on this device").fill(`${PASSPHRASE}!`);
    await button("Unlock").click();
    await dialog().getByText("That is not the passphrase").waitFor();
    const signatures = wallet.asked.filter((method) => method === "eth_signTypedData_v4").length;
    await dialog().getByLabel("Passphrase of the key on this device").fill(PASSPHRASE);
    await button("Unlock").click();
    await button("Trade").click();
    expect(wallet.asked.filter((method) => method === "eth_signTypedData_v4").length).to.equal(signatures);
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.to.match(/scalar|0x[0-9a-f]{64}/);
  });

  it("deposits with a permit and with an approval, each shown until it is credited", async () => {
    await button("Deposit", page).click();
    await button(/test dollars/).click();
    await dialog().getByText("In the wallet: $10,000").waitFor({ timeout: CHAIN_MS });
    const amount = dialog().getByRole("textbox", { name: "Amount" });
    await amount.fill("5000");
    wallet.rejectsNext = true;
    await button("Deposit").click();
    await dialog().getByText("You declined it").waitFor();
    expect(await amount.inputValue()).to.equal("5000");
    await button("Deposit").click();
    await dialog().getByText("In the wallet: $5,000").waitFor({ timeout: CHAIN_MS });
    await dialog().getByLabel("Approval of exactly this amount").check();
    await amount.fill("1000.5");
    await button("Deposit").click();
    await dialog().getByText("In the wallet: $3,999.5").waitFor({ timeout: CHAIN_MS });
    const deposits = dialog().getByRole("list", { name: "Deposits under way" }).getByRole("listitem");
    await page.waitForFunction(
      () =>
        [...document.querySelectorAll(".steps .now")].filter((step) => /credited|proven/.test(step.textContent ?? ""))
          .length === 2,
      null,
      { timeout: CHAIN_MS },
    );
    expect(await deposits.count()).to.be.at.least(2);
    await page.keyboard.press("Escape");
    await page.getByText("$6,000.50").first().waitFor();
  });

  it("goes on trading while the wallet is on another chain, and asks for the way back before money moves", async () => {
    await wallet.changeChain(OTHER_CHAIN_ID);
    await page.getByText("$6,000.50").first().waitFor();
    await button("Deposit", page).click();
    await dialog().getByText("The wallet is on another chain").waitFor();
    await dialog().getByRole("textbox", { name: "Amount" }).fill("1");
    expect(await button("Deposit").isDisabled()).to.equal(true);
    await button("Change the network").click();
    await dialog().getByText("The wallet is on another chain").waitFor({ state: "detached" });
    expect(await button("Deposit").isEnabled()).to.equal(true);
    expect(wallet.chainId).to.equal(CHAIN_ID);
    await page.keyboard.press("Escape");
  });

  it("shows margin, fee, slippage and liquidation price before sending, and the trade after it", async () => {
    await button("Market", form()).click();
    await field("Size").fill("0.05");
    const estimate = form().locator(".estimate");
    await estimate.getByText("0.05 BTC").waitFor();
    const shown = Object.fromEntries(
      await estimate
        .locator("dt")
        .evaluateAll((terms) => terms.map((term) => [term.textContent, term.nextElementSibling?.textContent])),
    ) as Record<string, string>;
    expect(shown["Average price"]).to.match(/^\d\d,\d{3}\.\d$/);
    expect(shown.Slippage).to.match(/^\d+\.\d bp · \$\d+\.\d\d$/);
    expect(shown["Fee, at most"]).to.match(/^\$\d+\.\d{4}$/);
    expect(shown["Leverage after"]).to.match(/^0\.5\d×$/);
    await button("Buy 0.05 BTC", form()).click();
    await page.getByText("Filled.").waitFor();
    await rows("Positions").getByText("0.05 BTC", { exact: true }).waitFor();
    await tab("Fills");
    expect(await rows("Fills").count()).to.be.at.least(1);
    await rows("Fills")
      .first()
      .getByText(/matched|proven/)
      .waitFor();
    await tab("Order history");
    await rows("Order history")
      .first()
      .getByText(/bp · \$/)
      .waitFor();
  });

  it("fills a large limit order in part, rests the rest, and cancels it", async () => {
    await button("Limit", form()).click();
    await field("Price").fill(await bestAsk());
    await field("Size").fill("0.5");
    await button("Buy 0.5 BTC", form()).click();
    await page.getByText("the rest rests").waitFor();
    await tab(/Open orders/);
    const cells = await rows("Open orders").first().locator("td").allTextContents();
    expect(Number(cells[2])).to.be.above(0).and.below(0.5);
    await button(/^Cancel buy/, page).click();
    await page.getByText("No open orders.").waitFor();
  });

  it("places and cancels an order with the keyboard alone", async () => {
    await page.locator("main").focus();
    await page.keyboard.press("s");
    expect(await page.evaluate(() => document.activeElement?.id)).to.match(/-size$/);
    await page.keyboard.type("0.01");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    if (!(await page.evaluate(() => document.activeElement?.id ?? "")).endsWith("-price")) await field("Price").focus();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("68000");
    await page.keyboard.press("Enter");
    await page.getByText("It rests in the book.").waitFor();
    const cancel = button("Cancel sell 0.01 BTC-USD at 68,000.0", page);
    await cancel.focus();
    await page.keyboard.press("Enter");
    await page.getByText("No open orders.").waitFor();
  });

  it("sends nothing while the line is broken, and goes on with everything when it is mended", async () => {
    await field("Price").fill("67500");
    await field("Size").fill("0.02");
    const send = form().locator(".send");
    await send.click({ trial: true });
    line.cut();
    await page.getByText("The exchange does not answer.").first().waitFor();
    expect(await send.isDisabled()).to.equal(true);
    line.mend();
    await page.getByText("The exchange does not answer.").waitFor({ state: "detached" });
    // What was said of the order before.
    await page.getByText("It rests in the book.").waitFor({ state: "detached" });
    await send.click();
    await page.getByText("It rests in the book.").waitFor();
    await tab(/Positions/);
    await rows("Positions").getByText("long").waitFor();
    await tab(/Open orders/);
    await button("Cancel sell 0.02 BTC-USD at 67,500.0", page).click();
    await page.getByText("No open orders.").waitFor();
  });

  it("says what the matcher would refuse, before it is sent", async () => {
    await field("Price").fill("1000");
    await field("Size").fill("0.01");
    await form()
      .getByText(/band|fat|outside/i)
      .waitFor();
    expect(await form().locator(".send").isDisabled()).to.equal(true);
    await field("Size").fill("");
  });

  it("withdraws, shows the proof, and claims on L1", async () => {
    await button("Withdraw", page).click();
    await dialog().getByRole("textbox", { name: "Amount" }).fill("100.25");
    await button("Withdraw").click();
    const withdrawals = dialog().getByRole("list", { name: "Withdrawals" });
    await withdrawals.getByText("$100.25").waitFor();
    await button("Claim").waitFor({ timeout: PROOF_MS });
    const onchain = await OnchainWallet.of(wallet.key, exchange.exchange);
    const before = await onchain.balanceMicroUsd();
    await button("Claim").click();
    await withdrawals.locator(".now", { hasText: "claimed" }).waitFor({ timeout: CHAIN_MS });
    expect(usdFromMicroUsd((await onchain.balanceMicroUsd()) - before)).to.equal("100.25");
    await page.keyboard.press("Escape");
    await tab("Deposits and withdrawals");
    await rows("Deposits, withdrawals and transfers").first().getByText(/#\d+/).waitFor();
    await tab("Fills");
    await rows("Fills").last().getByText("proven").waitFor({ timeout: PROOF_MS });
  });

  it("recomputes funding by a click", async () => {
    await page.getByRole("link", { name: "Status" }).click();
    await page.getByRole("button", { name: "Recompute" }).first().click();
    await page.getByText("✓ agrees").waitFor();
    expect(await page.locator(".uptime i").count()).to.be.above(1);
    await page.getByRole("link", { name: "Trade", exact: true }).click();
  });

  it("follows the wallet to another account, which has its own key", async () => {
    await wallet.emit("accountsChanged", [devnetWallet(OTHER_WALLET).address]);
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await page.getByText("Connect a wallet to see positions").waitFor();
    await wallet.emit("accountsChanged", []);
    await page.getByRole("button", { name: "Connect wallet" }).waitFor();
  });

  it("says that the price is stale when the feeds are gone", async () => {
    exchange.killParts("scripts/feed.ts");
    await page.locator("[data-banner=stale-price]").waitFor({ timeout: PROOF_MS });
  });

  it("asked nobody but the exchange, and complained of nothing", () => {
    expect([...watch.hosts]).to.deep.equal([new URL(line.url).host]);
    expect(watch.complaints).to.deep.equal([]);
  });
});
