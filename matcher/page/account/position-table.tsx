import type { WirePosition } from "../../protocol/margin-wire.ts";
import { hashOf } from "../frame/address.ts";
import { useDesk } from "../frame/desk.ts";
import { full, isNegative, percent, rounded, signed, usd } from "../show/decimal-text.ts";
import type { Trading } from "../wallet/wallet-desk.ts";
import { ClosePosition } from "./close-position.tsx";
import { fundingSinceOpened } from "./funding-since-opened.ts";
import { RowTable } from "./row-table.tsx";

const COLUMNS = [
  "Market",
  "Size",
  "Value, USD",
  "Entry",
  "Mark",
  "PnL, USD",
  "Liquidation",
  "Margin, USD",
  "Ratio",
  "Funding, USD",
  "ADL",
  "Finality",
  "Actions",
];

/** What is held. */
export function PositionTable({ trading }: { trading: Trading }) {
  const account = trading.feed.account.value;
  const positions = account?.positions ?? [];
  return (
    <RowTable caption="Positions" columns={COLUMNS} count={positions.length} empty="No positions.">
      {positions.map((position) => (
        <PositionRow key={position.market} trading={trading} position={position} />
      ))}
    </RowTable>
  );
}

function PositionRow({ trading, position }: { trading: Trading; position: WirePosition }) {
  const { link } = useDesk();
  const account = trading.feed.account.value;
  const { market, size, deleveragingRank: rank, unrealisedPnl: pnl } = position;
  const mark = link.tickers.value.get(market)?.markPrice ?? position.markPrice;
  const proven = account?.proven?.positions.find((one) => one.market === market)?.size;
  const funding = fundingSinceOpened(market, size, trading.feed.fills.value, trading.feed.fundingPayments.value);
  const base = market.split("-")[0];
  return (
    <tr>
      <th scope="row">
        <a href={hashOf({ view: "trade", market })}>{market}</a>
        <em class={`tag ${position.side === "long" ? "up" : "down"}`}>{position.side}</em>
      </th>
      <td>
        {full(size)} {base}
      </td>
      <td>{usd(position.value)}</td>
      <td>{position.entryPrice === null ? "—" : full(position.entryPrice)}</td>
      <td>{full(mark)}</td>
      <td class={pnl === null ? "" : isNegative(pnl) ? "down" : "up"}>{pnl === null ? "—" : signed(pnl, 2)}</td>
      <td>{position.liquidationPrice === null ? "none" : full(position.liquidationPrice)}</td>
      <td>{usd(position.initialMargin)}</td>
      <td>{account?.marginRatio == null ? "—" : percent(account.marginRatio)}</td>
      <td
        class={isNegative(funding.amount) ? "down" : ""}
        title={funding.isWhole ? "Since it was opened" : "Since the oldest row that is kept here"}
      >
        {funding.isWhole ? "" : "≥ "}
        {signed(funding.amount, 4)}
      </td>
      <td
        title={rank === null ? "" : `${rank.position} of ${rank.holders} on this side, the first is deleveraged first`}
      >
        {rank === null ? "—" : <Rank quintile={rank.quintile} />}
      </td>
      <td>
        {proven === size ? (
          <span class="finality finality-proven">
            <i aria-hidden="true" />
            proven <small>#{account?.proven?.batchNumber}</small>
          </span>
        ) : (
          <span
            class="finality finality-matched"
            title={`Proven of it: ${proven === undefined ? "0" : rounded(proven, 4)}`}
          >
            <i aria-hidden="true" />
            matched
          </span>
        )}
      </td>
      <td>
        <ClosePosition trading={trading} position={position} />
      </td>
    </tr>
  );
}

/** Five lights, as many lit as the quintile says: all of them are first in line. */
function Rank({ quintile }: { quintile: number }) {
  return (
    <span class={`rank rank-${quintile}`} role="img" aria-label={`Quintile ${quintile} of 5`}>
      {[1, 2, 3, 4, 5].map((light) => (
        <i key={light} class={light <= quintile ? "lit" : undefined} />
      ))}
    </span>
  );
}
