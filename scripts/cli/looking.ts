import type { Command } from "commander";
import { accountText, bookText, marketsText, positionsText, tradesText } from "./answer-text.ts";
import { wholeNumber } from "./desk.ts";
import type { AtDesk } from "./trading.ts";

/** What there is to see: markets for anybody, one's own account with the key. */
export function lookingCommands(program: Command, atDesk: AtDesk): void {
  program
    .command("markets")
    .description("markets, their prices and their states")
    .action(
      atDesk(async (desk) => {
        const markets = await (await desk.reader()).marketStates();
        desk.show(markets, () => marketsText(markets));
      }),
    );

  program
    .command("book")
    .description("the order book of a market")
    .argument("<market>", "symbol")
    .option("--levels <n>", "how deep", "10")
    .action(
      atDesk(async (desk, market: string, { levels }: { levels: string }) => {
        const book = await (await desk.reader()).orderbook(market, wholeNumber(levels, "--levels"));
        desk.show(book, () => bookText(book));
      }),
    );

  program
    .command("trades")
    .description("the latest trades of a market")
    .argument("<market>", "symbol")
    .option("--limit <n>", "how many", "20")
    .action(
      atDesk(async (desk, market: string, { limit }: { limit: string }) => {
        const trades = await (await desk.reader()).trades(market, wholeNumber(limit, "--limit"));
        desk.show(trades, () => tradesText(trades));
      }),
    );

  program
    .command("account")
    .description("your collateral, margin and fees")
    .action(
      atDesk(async (desk) => {
        const account = await (await desk.client()).state();
        desk.show(account, () => accountText(account));
      }),
    );

  program
    .command("key")
    .description(
      "the secret trading key of your wallet, for bots that have no wallet: it trades, and pays out only to you",
    )
    .action(
      atDesk(async (desk) => {
        const { scalar } = await desk.tradingKey();
        const { account } = await desk.client();
        const answer = { account, tradingKey: `0x${scalar.toString(16)}` };
        console.error("Keep this secret: whoever has it can trade your account.");
        desk.show(answer, () => `CLEARBOOK_ACCOUNT=${account} CLEARBOOK_TRADING_KEY=${answer.tradingKey}`);
      }),
    );

  program
    .command("positions")
    .description("your positions with PnL and liquidation price")
    .action(
      atDesk(async (desk) => {
        const positions = await (await desk.client()).positions();
        desk.show(positions, () => positionsText(positions));
      }),
    );
}
