import { Argument, type Command, Option } from "commander";
import { SELF_TRADES, type Side, TIMES_IN_FORCE } from "../../matcher/protocol/message.ts";
import type { OrderTerms } from "../../matcher/sdk/client.ts";
import type { ExchangeReader } from "../../matcher/sdk/exchange-reader.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { fillsText, ordersText, previewText } from "./answer-text.ts";
import { type Desk, wholeNumber } from "./desk.ts";
import { type OrderFlags, orderTerms, protectionPrice, sideArgument } from "./order-arguments.ts";

/** Opens a desk for one command and closes it after. */
export type AtDesk = <A extends unknown[]>(
  work: (desk: Desk, ...args: A) => Promise<void>,
) => (...args: A) => Promise<void>;

const DEFAULT_SLIPPAGE_PPM = "5000";

function withOrder(command: Command): Command {
  return command
    .argument("<market>", "symbol, for example BTC-USD")
    .addArgument(new Argument("<side>", "buy or sell").argParser(sideArgument))
    .argument("<size>", "units of the base asset")
    .option("--price <usd>", "limit; without one the order takes what there is, and nothing rests")
    .option("--slippage-ppm <n>", "without a limit: how far beyond the best price it may fill", DEFAULT_SLIPPAGE_PPM)
    .addOption(new Option("--time-in-force <how>").choices(TIMES_IN_FORCE))
    .option("--post-only", "only if it rests")
    .option("--reduce-only", "only to make a position smaller")
    .addOption(new Option("--self-trade <rule>").choices(SELF_TRADES))
    .option("--ttl-seconds <n>", "how long it may live (default: a day)");
}

async function termsOf(
  reader: ExchangeReader,
  market: string,
  side: Side,
  size: string,
  flags: OrderFlags,
): Promise<OrderTerms> {
  if (flags.ttlSeconds !== undefined) wholeNumber(flags.ttlSeconds, "--ttl-seconds");
  if (flags.price !== undefined) return orderTerms(market, side, size, flags.price, flags);
  const slippagePpm = BigInt(wholeNumber(flags.slippagePpm, "--slippage-ppm"));
  const state = (await reader.marketStates()).find(({ symbol }) => symbol === market);
  if (state === undefined) throw new Refusal(`There is no market ${market}: see the command "markets".`);
  const book = await reader.orderbook(market, 1);
  const price = protectionPrice(reader.market(market), state, side, book, slippagePpm);
  return orderTerms(market, side, size, price, flags);
}

/** Orders: placing, cancelling, and what became of them. */
export function tradingCommands(program: Command, atDesk: AtDesk): void {
  withOrder(program.command("place").description("send an order"))
    .option("--client-id <name>", "your own name for it: the same name twice is one order")
    .action(
      atDesk(async (desk, market: string, side: Side, size: string, flags: OrderFlags) => {
        const client = await desk.client();
        const placed = await client.place(await termsOf(client, market, side, size, flags));
        desk.show(placed, () => `${ordersText([placed.order])}\n\n${fillsText(placed.fills)}`);
      }),
    );

  withOrder(program.command("preview").description("what an order would do: nothing is sent or signed")).action(
    atDesk(async (desk, market: string, side: Side, size: string, flags: OrderFlags) => {
      const client = await desk.client();
      const preview = await client.marginPreview(await termsOf(client, market, side, size, flags));
      desk.show(preview, () => previewText(preview));
    }),
  );

  program
    .command("cancel")
    .description("take an order out of the book")
    .argument("[slot]", "its slot, as `orders` shows it")
    .option("--client-id <name>", "its client id, instead of the slot")
    .option("--settle", "prove it: no order up to this one can ever come back to the slot")
    .action(
      atDesk(async (desk, slot: string | undefined, flags: { clientId?: string; settle?: boolean }) => {
        if ((slot === undefined) === (flags.clientId === undefined))
          throw new Refusal("Name the order by its slot or by --client-id.");
        const wanted = slot === undefined ? undefined : wholeNumber(slot, "The slot");
        const client = await desk.client();
        const open = await client.orders();
        const order = open.find((one) =>
          wanted === undefined ? one.clientId === flags.clientId : one.slot === wanted,
        );
        if (order === undefined) throw new Refusal("No such order is open: see `orders --status all`.");
        const cancelled = await client.cancel(order, flags.settle ?? false);
        desk.show(cancelled, () => ordersText(cancelled.orders));
      }),
    );

  program
    .command("cancel-all")
    .description("take every order out of the book, also those that have not arrived yet")
    .option("--settle", "prove it")
    .action(
      atDesk(async (desk, flags: { settle?: boolean }) => {
        const cancelled = await (await desk.client()).cancelAll(flags.settle ?? false);
        desk.show(cancelled, () => ordersText(cancelled.orders));
      }),
    );

  program
    .command("orders")
    .description("your orders")
    .addOption(new Option("--status <which>").choices(["open", "closed", "all"]).default("open"))
    .action(
      atDesk(async (desk, { status }: { status: "open" | "closed" | "all" }) => {
        const orders = await (await desk.client()).orders(status);
        desk.show(orders, () => ordersText(orders));
      }),
    );

  program
    .command("fills")
    .description("your fills and how final they are")
    .option("--limit <n>", "how many", "20")
    .action(
      atDesk(async (desk, { limit }: { limit: string }) => {
        const fills = await (await desk.client()).fills(wholeNumber(limit, "--limit"));
        desk.show(fills, () => fillsText(fills));
      }),
    );

  program
    .command("margin-mode")
    .description("make the account isolated for one market, or cross again")
    .argument("<market>", 'symbol, or "cross"')
    .action(
      atDesk(async (desk, market: string) => {
        const set = await (await desk.client()).setMarginMode(market === "cross" ? null : market);
        desk.show(
          set,
          () => `account ${set.account} is ${set.isolatedMarket === null ? "cross" : `isolated for ${market}`}`,
        );
      }),
    );
}
