import { Argument, type Command, Option } from "commander";
import type { Side } from "../../matcher/protocol/message.ts";
import type { OrderTerms } from "../../matcher/sdk/client.ts";
import { ClearbookError } from "../../matcher/sdk/http.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { conditionalText, fillsText, ordersText } from "./answer-text.ts";
import { wholeNumber } from "./desk.ts";
import { sideArgument } from "./order-arguments.ts";
import type { AtDesk } from "./trading.ts";

interface Flags {
  worst: string;
  clientId?: string;
  ttlSeconds?: string;
  rest?: boolean;
  open?: boolean;
}

/** An order whose worst price is always said: it is what is signed. */
function withSigned(command: Command, worst = "the worst price at which it may be executed"): Command {
  return command
    .argument("<market>", "symbol, for example BTC-USD")
    .addArgument(new Argument("<side>", "buy or sell").argParser(sideArgument))
    .argument("<size>", "units of the base asset")
    .requiredOption("--worst <usd>", worst)
    .option("--client-id <name>", "your own name for it")
    .option("--ttl-seconds <n>", "how long it may live (default: a day)");
}

function signedTerms(market: string, side: Side, size: string, flags: Flags): OrderTerms {
  const { worst: price, clientId, ttlSeconds } = flags;
  return {
    ...{ market, side, size, price },
    ...(clientId === undefined ? {} : { clientId }),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds: wholeNumber(ttlSeconds, "--ttl-seconds") }),
  };
}

/** Exits: they only reduce and take what there is, unless told otherwise. */
function exitTerms(market: string, side: Side, size: string, flags: Flags): OrderTerms {
  const how = { reduceOnly: flags.open !== true, timeInForce: flags.rest === true ? "GTT" : "IOC" } as const;
  return { ...signedTerms(market, side, size, flags), ...how };
}

function withExit(command: Command): Command {
  return withSigned(command)
    .option("--rest", "as a limit order at its worst price, which rests")
    .option("--open", "it may open or grow a position, too");
}

/** Orders that wait for a price or a time, or are executed in parts. */
export function conditionalCommands(program: Command, atDesk: AtDesk): void {
  for (const [name, what] of [
    ["stop", "sell, or buy back, when the index price falls, or rises, to a trigger"],
    ["take-profit", "sell, or buy back, when the index price has come far enough"],
  ] as const) {
    withExit(program.command(name).description(what))
      .requiredOption("--trigger <usd>", "the index price that lets it in")
      .action(
        atDesk(async (desk, market: string, side: Side, size: string, flags: Flags & { trigger: string }) => {
          const { conditional } = await desk.client();
          const terms = { ...exitTerms(market, side, size, flags), triggerPrice: flags.trigger };
          const placed = await (name === "stop" ? conditional.placeStop(terms) : conditional.placeTakeProfit(terms));
          desk.show(placed, () => conditionalText(placed.orders));
        }),
      );
  }

  withExit(program.command("trail").description("a stop that follows the best price"))
    .addOption(new Option("--distance <usd>", "how far it stays behind").conflicts("distancePpm"))
    .option("--distance-ppm <n>", "the same, parts per million of the best price")
    .action(
      atDesk(
        async (
          desk,
          market: string,
          side: Side,
          size: string,
          flags: Flags & { distance?: string; distancePpm?: string },
        ) => {
          const { distance, distancePpm } = flags;
          if (distance === undefined && distancePpm === undefined)
            throw new Refusal("Say how far it stays behind: --distance or --distance-ppm.");
          const { conditional } = await desk.client();
          const how =
            distance === undefined
              ? { distancePpm: wholeNumber(distancePpm as string, "--distance-ppm") }
              : { distance };
          const placed = await conditional.placeTrailingStop(exitTerms(market, side, size, flags), how);
          desk.show(placed, () => conditionalText(placed.orders));
        },
      ),
    );

  withSigned(
    program.command("bracket").description("an entry with a take-profit, a stop or both"),
    "limit of the entry",
  )
    .option("--take-profit <usd>", "where a limit order closes what the entry has filled")
    .option("--stop <usd>", "the index price at which it is closed at once")
    .option("--stop-worst <usd>", "and the worst price that it may get then")
    .action(
      atDesk(
        async (
          desk,
          market: string,
          side: Side,
          size: string,
          flags: Flags & { takeProfit?: string; stop?: string; stopWorst?: string },
        ) => {
          const { takeProfit, stop, stopWorst } = flags;
          if ((stop === undefined) !== (stopWorst === undefined))
            throw new Refusal("A stop needs its trigger and its worst price: --stop and --stop-worst.");
          const { conditional } = await desk.client();
          const { clientId, ...entry } = signedTerms(market, side, size, flags);
          const placed = await conditional.placeBracket({
            entry,
            ...(takeProfit === undefined ? {} : { takeProfitPrice: takeProfit }),
            ...(stop === undefined ? {} : { stopLoss: { triggerPrice: stop, worstPrice: stopWorst as string } }),
            ...(clientId === undefined ? {} : { clientId }),
          });
          desk.show(placed, () => conditionalText(placed.orders));
        },
      ),
    );

  withSigned(program.command("twap").description("an order in even parts over time"))
    .requiredOption("--parts <n>", "how many")
    .requiredOption("--interval-seconds <n>", "time between two of them")
    .option("--tolerance-ppm <n>", "no part is worse than the index price by more")
    .action(
      atDesk(
        async (
          desk,
          market: string,
          side: Side,
          size: string,
          flags: Flags & { parts: string; intervalSeconds: string; tolerancePpm?: string },
        ) => {
          const { conditional } = await desk.client();
          const { tolerancePpm } = flags;
          const placed = await conditional.placeTwap(signedTerms(market, side, size, flags), {
            parts: wholeNumber(flags.parts, "--parts"),
            intervalSeconds: wholeNumber(flags.intervalSeconds, "--interval-seconds"),
            ...(tolerancePpm === undefined ? {} : { tolerancePpm: wholeNumber(tolerancePpm, "--tolerance-ppm") }),
          });
          desk.show(placed, () => conditionalText(placed.orders));
        },
      ),
    );

  withSigned(program.command("iceberg").description("a limit order that shows a part of itself at a time"), "its limit")
    .requiredOption("--shown <size>", "how much it shows")
    .action(
      atDesk(async (desk, market: string, side: Side, size: string, flags: Flags & { shown: string }) => {
        const { conditional } = await desk.client();
        const placed = await conditional.placeIceberg(signedTerms(market, side, size, flags), flags.shown);
        desk.show(placed, () => conditionalText(placed.orders));
      }),
    );

  program
    .command("scale")
    .description("a ladder of limit orders that add up to a size")
    .argument("<market>", "symbol")
    .addArgument(new Argument("<side>", "buy or sell").argParser(sideArgument))
    .argument("<size>", "of all together")
    .requiredOption("--from <usd>", "price of the first")
    .requiredOption("--to <usd>", "price of the last")
    .requiredOption("--orders <n>", "how many")
    .option("--skew-ppm <n>", "size of the last by that of the first", "1000000")
    .action(
      atDesk(
        async (
          desk,
          market: string,
          side: Side,
          size: string,
          flags: { from: string; to: string; orders: string; skewPpm: string },
        ) => {
          const { conditional } = await desk.client();
          const { from, to } = flags;
          const orders = wholeNumber(flags.orders, "--orders");
          const skewPpm = wholeNumber(flags.skewPpm, "--skew-ppm");
          const placed = await conditional.placeScale({ market, side }, { size, from, to, orders, skewPpm });
          desk.show(placed, () =>
            placed.map((one) => (one instanceof ClearbookError ? one.message : ordersText([one.order]))).join("\n"),
          );
        },
      ),
    );

  program
    .command("close")
    .description("close a position at once, as far as the book takes it")
    .argument("<market>", "symbol")
    .option("--slippage-ppm <n>", "how far beyond the index price it may fill", "5000")
    .action(
      atDesk(async (desk, market: string, flags: { slippagePpm: string }) => {
        const { conditional } = await desk.client();
        const slippagePpm = wholeNumber(flags.slippagePpm, "--slippage-ppm");
        const placed = await conditional.closePosition(market, { slippagePpm });
        desk.show(placed, () => `${ordersText([placed.order])}\n\n${fillsText(placed.fills)}`);
      }),
    );

  program
    .command("cancel-at")
    .description("have an order cancelled at a time")
    .argument("<id>", "slot-sequence, as `orders` and `conditional` show it")
    .argument("<time>", 'for example 2026-11-24T18:00:00Z, or "never"')
    .action(
      atDesk(async (desk, id: string, time: string) => {
        const atMs = time === "never" ? null : Date.parse(time);
        if (Number.isNaN(atMs)) throw new Refusal(`${JSON.stringify(time)} is no time.`);
        const { conditional } = await desk.client();
        const set = await conditional.cancelAt({ id }, atMs);
        const when =
          set.cancelAtMs === null
            ? "is not cancelled by time"
            : `is cancelled at ${new Date(set.cancelAtMs).toISOString()}`;
        desk.show(set, () => `order ${set.id} ${when}`);
      }),
    );

  program
    .command("conditional")
    .description("your conditional orders")
    .addOption(new Option("--status <which>").choices(["open", "closed", "all"]).default("open"))
    .action(
      atDesk(async (desk, { status }: { status: "open" | "closed" | "all" }) => {
        const orders = await (await desk.client()).conditional.orders(status);
        desk.show(orders, () => conditionalText(orders));
      }),
    );
}
