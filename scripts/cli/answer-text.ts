import type {
  WireAccount,
  WireFill,
  WireMarket,
  WireOrder,
  WireOrderbook,
  WireTrade,
} from "../../matcher/protocol/api-wire.ts";
import type { WireConditionalOrder } from "../../matcher/protocol/conditional-wire.ts";
import type { WireExecution, WirePosition, WirePreview } from "../../matcher/protocol/margin-wire.ts";
import { renderTable } from "./table.ts";

const time = (atMs: number) => new Date(atMs).toISOString().slice(0, 19).replace("T", " ");

export function marketsText(markets: readonly WireMarket[]): string {
  const head = ["market", "index", "mark", "bid", "ask", "initial margin", "open interest", ""];
  return renderTable(
    head,
    markets.map((market) => [
      market.symbol,
      market.indexPrice ?? "–",
      market.markPrice ?? "–",
      market.bestBid ?? "–",
      market.bestAsk ?? "–",
      `${market.imfPpm / 10_000} %`,
      market.openInterest,
      market.retired ? "retired" : market.restricted ? "restricted: reductions only" : market.status,
    ]),
  );
}

/** Asks above, bids below, the best ones in the middle. */
export function bookText({ market, bids, asks, seq }: WireOrderbook): string {
  const row = (side: string, [price, size, orders]: WireOrderbook["bids"][number]) => [side, price, size, `${orders}`];
  const lines = [...asks.map((level) => row("ask", level)).reverse(), ...bids.map((level) => row("bid", level))];
  return `${renderTable([market, "price", "size", "orders"], lines)}\nas of event ${seq}`;
}

export function ordersText(orders: readonly WireOrder[]): string {
  if (orders.length === 0) return "no orders";
  const head = ["slot", "sequence", "market", "side", "price", "filled", "size", "status", "client id", "accepted"];
  return renderTable(
    head,
    orders.map((order) => [
      `${order.slot}`,
      `${order.sequence}`,
      order.market,
      order.side,
      order.price,
      order.filledSize,
      order.size,
      order.reason === null ? order.status : `${order.status} (${order.reason})`,
      order.clientId ?? "",
      time(order.acceptedAtMs),
    ]),
  );
}

export function conditionalText(orders: readonly WireConditionalOrder[]): string {
  if (orders.length === 0) return "no conditional orders";
  const head = ["id", "role", "market", "side", "worst price", "filled", "size", "condition", "status", "client id"];
  return renderTable(
    head,
    orders.map((order) => [
      order.id,
      order.role,
      order.market,
      order.side,
      order.price,
      order.filledSize,
      order.size,
      conditionText(order),
      order.reason === null ? order.status : `${order.status} (${order.reason})`,
      order.clientId ?? "",
    ]),
  );
}

function conditionText({ trigger, triggerPrice, iceberg, twap }: WireConditionalOrder): string {
  if (trigger !== null) {
    const at = triggerPrice ?? trigger.price ?? "";
    return trigger.kind === "takeProfit" ? `take profit ${at}` : `${trigger.kind} ${at}`.trimEnd();
  }
  if (iceberg !== null) return `shows ${iceberg.shownSize}`;
  return twap === null ? "" : `${twap.parts} parts, one every ${twap.intervalSeconds} s`;
}

export function fillsText(fills: readonly WireFill[]): string {
  if (fills.length === 0) return "no fills";
  const head = ["trade", "market", "side", "role", "price", "size", "fee", "time", "finality"];
  return renderTable(
    head,
    fills.map((fill) => [
      `${fill.tradeId}`,
      fill.market,
      fill.side,
      fill.role,
      fill.price,
      fill.size,
      fill.fee,
      time(fill.atMs),
      fill.finality.batchNumber === null ? fill.finality.label : `proven in batch ${fill.finality.batchNumber}`,
    ]),
  );
}

export function tradesText(trades: readonly WireTrade[]): string {
  if (trades.length === 0) return "no trades";
  const lines = trades.map(({ atMs, takerSide, price, size, liquidation, finality }) => [
    time(atMs),
    takerSide,
    price,
    size,
    liquidation ? "liquidation" : "",
    finality.label,
  ]);
  return renderTable(["time", "taker", "price", "size", "", "finality"], lines);
}

export function positionsText(positions: readonly WirePosition[]): string {
  if (positions.length === 0) return "no positions";
  const head = ["market", "side", "size", "entry", "mark", "PnL", "liquidation price", "leverage", "mode"];
  return renderTable(
    head,
    positions.map((position) => [
      position.market,
      position.side,
      position.size,
      position.entryPrice ?? "?",
      position.markPrice,
      position.unrealisedPnl ?? "?",
      position.liquidationPrice ?? "none",
      position.leverage ?? "–",
      position.mode,
    ]),
  );
}

export function accountText(account: WireAccount): string {
  return renderTable(
    [`account ${account.account}`, account.mode],
    [
      ["collateral", account.collateral],
      ["equity", account.equity],
      ["initial margin", account.initialMargin],
      ["maintenance margin", account.maintenanceMargin],
      ["free collateral", account.freeCollateral],
      ["withdrawable", account.withdrawable],
      ["leverage", account.leverage ?? "–"],
      ["fees (maker, taker)", `${account.makerFeePpm} ppm, ${account.takerFeePpm} ppm`],
      ["open orders", `${account.openOrders}`],
      [
        "proven collateral",
        account.proven === null ? "–" : `${account.proven.collateral} (batch ${account.proven.batchNumber})`,
      ],
    ],
  );
}

export function previewText({ market, refusal, maxSize, atOnce, atLimit, restingSize, mode }: WirePreview): string {
  const columns = [atOnce, atLimit];
  const row = (name: string, of: (execution: WireExecution) => string) => [
    name,
    ...columns.map((execution) => (execution === null ? "–" : of(execution))),
  ];
  const table = renderTable(
    [`${market} (${mode})`, "at once", "in full at the limit"],
    [
      row("size", ({ size }) => size),
      row("average price", ({ averagePrice }) => averagePrice),
      row("slippage against mark", ({ slippage }) => slippage),
      row("fee", ({ fee }) => fee),
      row("position after", ({ positionSize }) => positionSize),
      row("equity after", ({ equity }) => equity),
      row("margin ratio after", ({ marginRatio }) => marginRatio ?? "–"),
      row("liquidation price after", ({ liquidationPrice }) => liquidationPrice ?? "none"),
    ],
  );
  const verdict = refusal === null ? "would be accepted" : `would be refused: ${refusal.message} ${refusal.remedy}`;
  return `${table}\nrests ${restingSize}, at most ${maxSize} at this price; ${verdict}`;
}
