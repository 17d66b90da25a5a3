import type { Command } from "commander";
import type { WireFill, WireOrder, WireTrade } from "../../matcher/protocol/api-wire.ts";
import type { ClearbookClient } from "../../matcher/sdk/client.ts";
import type { LiveBook } from "../../matcher/sdk/live-book.ts";
import { ClearbookStream, type StreamState } from "../../matcher/sdk/stream.ts";
import { type Desk, wholeNumber } from "./desk.ts";
import type { AtDesk } from "./trading.ts";

interface WatchFlags {
  /** Seconds after which it ends by itself. */
  for?: string;
}

const clock = (atMs: number) => new Date(atMs).toISOString().slice(11, 23);

/** Resolves after the time that was given, or with Ctrl-C. */
function ending(flags: WatchFlags): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve());
    if (flags.for !== undefined) setTimeout(resolve, wholeNumber(flags.for, "--for") * 1_000);
  });
}

function onState({ state, ...why }: StreamState): void {
  if (state === "lost")
    console.error(`The connection is lost${"reason" in why ? ` (${why.reason})` : ""}: trying again …`);
}

function tradeLine({ atMs, market, takerSide, price, size, liquidation }: WireTrade): string {
  return `${clock(atMs)}  ${market}  ${takerSide} ${size} at ${price}${liquidation ? "  (liquidation)" : ""}`;
}

function orderLine({ updatedAtMs, id, market, side, filledSize, size, price, status, reason }: WireOrder): string {
  return `${clock(updatedAtMs)}  order ${id}: ${market} ${side} ${filledSize}/${size} at ${price}, ${reason ?? status}`;
}

function fillLine({ atMs, market, side, size, price, fee, role, tradeId }: WireFill): string {
  return `${clock(atMs)}  fill ${tradeId}: ${market} ${side} ${size} at ${price} as ${role}, fee ${fee}`;
}

async function watchMarket(desk: Desk, symbol: string, flags: WatchFlags): Promise<void> {
  const reader = await desk.reader();
  const stream = new ClearbookStream({ apiUrl: desk.apiUrl, onState });
  let best = "";
  const onChange = ({ bestBid, bestAsk, sequence }: LiveBook) => {
    const now = `${bestBid?.size ?? "–"} at ${bestBid?.price ?? "–"} | ${bestAsk?.price ?? "–"} for ${bestAsk?.size ?? "–"}`;
    if (now === best) return;
    best = now;
    desk.show({ market: symbol, sequence, bestBid, bestAsk }, () => `${symbol}  ${now}`);
  };
  stream.book(reader.market(symbol), onChange);
  stream.subscribe(
    { channel: "trades", market: symbol },
    {
      onUpdate: ({ trades }) => {
        for (const trade of trades) desk.show(trade, () => tradeLine(trade));
      },
    },
  );
  await ending(flags);
  stream.close();
}

function watchAccount(desk: Desk, client: ClearbookClient): ClearbookStream {
  const { account } = client;
  const stream = new ClearbookStream({ apiUrl: desk.apiUrl, sessions: [client.session], onState });
  stream.subscribe(
    { channel: "orders", account },
    {
      onUpdate: ({ orders }) => {
        for (const order of orders) desk.show(order, () => orderLine(order));
      },
    },
  );
  stream.subscribe(
    { channel: "fills", account },
    {
      onUpdate: ({ fills }) => {
        for (const fill of fills) desk.show(fill, () => fillLine(fill));
      },
    },
  );
  stream.subscribe(
    { channel: "finality", account },
    {
      onUpdate: (news) => {
        const { batch, fills, withdrawals } = news;
        if (batch === null || fills.length + withdrawals.length === 0) return;
        const claimable = withdrawals.length === 0 ? "" : `; withdrawals ${withdrawals.join(", ")} are claimable`;
        desk.show(
          news,
          () => `batch ${batch.batchNumber} proved ${fills.length} of your fills (${batch.txHash})${claimable}`,
        );
      },
    },
  );
  stream.subscribe(
    { channel: "forced-trades", account },
    {
      onUpdate: ({ trades }) => {
        for (const trade of trades) desk.show(trade, () => `forced: ${JSON.stringify(trade)}`);
      },
    },
  );
  return stream;
}

/** What happens, while it happens. */
export function watchingCommands(program: Command, atDesk: AtDesk): void {
  program
    .command("watch")
    .description("what happens, until Ctrl-C: in a market, or without one to your account")
    .argument("[market]", "symbol")
    .option("--for <seconds>", "stop by itself")
    .action(
      atDesk(async (desk, market: string | undefined, flags: WatchFlags) => {
        if (market !== undefined) return watchMarket(desk, market, flags);
        const stream = watchAccount(desk, await desk.client());
        await ending(flags);
        stream.close();
      }),
    );
}
