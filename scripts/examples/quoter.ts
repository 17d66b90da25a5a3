/**
 * The smallest market maker: a bid and an offer around the index price, renewed every second, gone when it stops or falls silent.
 *
 *   CLEARBOOK_API=http://127.0.0.1:8080 CLEARBOOK_ACCOUNT=4 CLEARBOOK_TRADING_KEY=0x… node scripts/examples/quoter.ts [rounds]
 */
import { priceTicksFromUsd, usdFromPriceTicks } from "../../matcher/protocol/market.ts";
import { ClearbookClient } from "../../matcher/sdk/client.ts";
import { ClearbookError } from "../../matcher/sdk/http.ts";

const { CLEARBOOK_API: apiUrl = "http://127.0.0.1:8080", CLEARBOOK_ACCOUNT, CLEARBOOK_TRADING_KEY } = process.env;
const rounds = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);
const MARKET = "BTC-USD";
const SIZE = "0.01";
const AWAY_PPM = 500;
const SILENCE_MS = 10_000;

const client = await ClearbookClient.connect({
  apiUrl,
  account: Number(CLEARBOOK_ACCOUNT),
  key: BigInt(CLEARBOOK_TRADING_KEY ?? 0),
});
let stopping = false;
process.once("SIGINT", () => {
  stopping = true;
});

for (let round = 0; round < rounds && !stopping; round++) {
  // 1. Should we die, or the line between us, the exchange takes our orders out by itself.
  await client.deadMansSwitch(SILENCE_MS);
  // 2. Where the market is: prices are exact decimal strings, ticks are whole numbers.
  const { indexPrice } = await client.ticker(MARKET);
  if (indexPrice === null) continue;
  const market = client.market(MARKET);
  const indexTicks = priceTicksFromUsd(market, indexPrice);
  const awayTicks = Math.ceil((indexTicks * AWAY_PPM) / 1_000_000);
  // 3. Both sides in one request, each with its own answer. Old quotes go first: nobody holds both.
  await client.cancelAll();
  const quotes = (["buy", "sell"] as const).map((side) => ({
    market: MARKET,
    side,
    size: SIZE,
    price: usdFromPriceTicks(market, side === "buy" ? indexTicks - awayTicks : indexTicks + awayTicks),
    postOnly: true,
  }));
  for (const answer of await client.placeAll(quotes)) {
    if (answer instanceof ClearbookError) console.log(`refused: ${answer.code} (${answer.remedy})`);
    else console.log(`${answer.order.side} ${answer.order.remainingSize} at ${answer.order.price}`);
  }
  const [position] = await client.positions();
  if (position !== undefined) console.log(`position ${position.size}, liquidation at ${position.liquidationPrice}`);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}

await client.cancelAll();
await client.deadMansSwitch(0);
