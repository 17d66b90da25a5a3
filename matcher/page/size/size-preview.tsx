import { useState } from "preact/hooks";
import { usdFromMicroUsd } from "../../protocol/decimal.ts";
import { baseFromLots, priceTicksFromUsd, quantityLotsFromBase } from "../../protocol/market.ts";
import type { OrderTerms } from "../../sdk/order-terms.ts";
import type { MarketFeed } from "../exchange/market-feed.ts";
import { useDesk } from "../frame/desk.ts";
import { levelsAgainst } from "../order/live-preview.ts";
import { basisPoints, full, usd } from "../show/decimal-text.ts";
import { span } from "../show/time-text.ts";
import { priceRiskShare, volatilityPerRootSecond } from "./price-risk.ts";
import { SizePicture } from "./size-picture.tsx";
import { type Expectation, expectation, sliceLots } from "./slicing.ts";

const SLICES = [2, 4, 6, 10, 20, 40];
const INTERVALS_SECONDS = [10, 30, 60, 300];
const REFILLS_PERCENT = [0, 50, 100];
const PPM = 1_000_000;

interface Props {
  feed: MarketFeed;
  terms: OrderTerms | null;
  takerFeePpm: number | null;
}

/** Sending at once beside sending in slices: what the book says of each, and what waiting risks. */
export function SizePreview({ feed, terms, takerFeePpm }: Props) {
  const { link } = useDesk();
  const [open, setOpen] = useState(false);
  return (
    <details class="size-preview" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>At once, or in slices?</summary>
      {open && <Comparison feed={feed} terms={terms} takerFeePpm={takerFeePpm ?? link.takerFeePpm.value ?? 0} />}
    </details>
  );
}

function Comparison({ feed, terms, takerFeePpm }: { feed: MarketFeed; terms: OrderTerms | null; takerFeePpm: number }) {
  const { link } = useDesk();
  const [slices, setSlices] = useState(6);
  const [intervalSeconds, setIntervalSeconds] = useState(30);
  const [refillPercent, setRefillPercent] = useState(50);
  const { market, book } = feed;
  const wire = link.wireMarket(market.symbol);
  const [bid, ask] = [book.bestBid?.priceTicks, book.bestAsk?.priceTicks];
  if (terms === null || wire === null) return <p class="soft">Fill in a size to compare.</p>;
  if (bid === undefined || ask === undefined) return <p class="soft">There is no book to compare by.</p>;

  const { side } = terms;
  // Within the market's band: the limit of a resting order says nothing about sending it at once.
  const bound = priceTicksFromUsd(market, (side === "buy" ? wire.priceMax : wire.priceMin) ?? terms.price);
  const lots = BigInt(quantityLotsFromBase(market, terms.size));
  const seen = { levels: levelsAgainst(book, side), middleTwiceTicks: bid + ask };
  const pace = { intervalSeconds, refillPercent };
  const parts = sliceLots(lots, slices, BigInt(quantityLotsFromBase(market, wire.sizeStep)));
  const atOnce = expectation(seen, side, bound, [lots], pace, takerFeePpm);
  const sliced = expectation(seen, side, bound, parts, pace, takerFeePpm);
  const volatility = volatilityPerRootSecond(feed.closes.value);
  const risk = volatility === null ? null : priceRiskShare(volatility, sliced.durationSeconds, parts.length);
  const riskPpm = risk === null ? null : Math.round(risk * PPM);
  return (
    <div class="stack">
      <div class="options">
        <Choice label="Slices" value={slices} of={SLICES} text={String} onChange={setSlices} />
        <Choice
          label="One every"
          value={intervalSeconds}
          of={INTERVALS_SECONDS}
          text={(value) => span(value * 1_000)}
          onChange={setIntervalSeconds}
        />
        <Choice
          label="Book refills by"
          value={refillPercent}
          of={REFILLS_PERCENT}
          text={(value) => `${value}%`}
          onChange={setRefillPercent}
        />
      </div>
      <SizePicture atOnce={atOnce} sliced={sliced} riskPpm={riskPpm} />
      <table class="figures comparison">
        <thead>
          <tr>
            <th scope="col">
              <span class="unseen">Figure</span>
            </th>
            <th scope="col">At once</th>
            <th scope="col">{parts.length} slices</th>
          </tr>
        </thead>
        <tbody>
          <Line label="Fills" of={(one) => full(baseFromLots(market, one.filledLots))} {...{ atOnce, sliced }} />
          <Line label="Slippage" of={(one) => basisPoints(one.slippagePpmCeil)} {...{ atOnce, sliced }} />
          <Line
            label="Slippage, USD"
            of={(one) => usd(usdFromMicroUsd(one.costMicroUsdCeil))}
            {...{ atOnce, sliced }}
          />
          <Line label="Fees, USD" of={(one) => usd(usdFromMicroUsd(one.feeMicroUsdCeil))} {...{ atOnce, sliced }} />
          <Line label="Takes" of={(one) => span(one.durationSeconds * 1_000)} {...{ atOnce, sliced }} />
          <tr>
            <th scope="row">Price may move by</th>
            <td>0.0 bp</td>
            <td>{riskPpm === null ? "—" : `± ${basisPoints(riskPpm)}`}</td>
          </tr>
        </tbody>
      </table>
      <p class="soft small">
        By the book as it stands and the last hour's prices; one standard deviation. How fast a book fills again nobody
        knows: the choice above is an assumption.
      </p>
    </div>
  );
}

function Line({
  label,
  of,
  atOnce,
  sliced,
}: {
  label: string;
  of: (one: Expectation) => string;
  atOnce: Expectation;
  sliced: Expectation;
}) {
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{of(atOnce)}</td>
      <td>{of(sliced)}</td>
    </tr>
  );
}

interface ChoiceProps {
  label: string;
  value: number;
  of: readonly number[];
  text: (value: number) => string;
  onChange: (value: number) => void;
}

function Choice({ label, value, of, text, onChange }: ChoiceProps) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(Number(event.currentTarget.value))}>
        {of.map((one) => (
          <option key={one} value={one}>
            {text(one)}
          </option>
        ))}
      </select>
    </label>
  );
}
