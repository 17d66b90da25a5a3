import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { AccountSummary } from "../account/account-summary.tsx";
import type { MarketFeed } from "../exchange/market-feed.ts";
import { useDesk } from "../frame/desk.ts";
import { full } from "../show/decimal-text.ts";
import { SizePreview } from "../size/size-preview.tsx";
import { problemText } from "../wallet/wallet-problem.ts";
import { useBookPulse } from "./book-pulse.ts";
import { Estimate } from "./estimate.tsx";
import { livePreview } from "./live-preview.ts";
import { EMPTY_DRAFT, type OrderDraft, type OrderKind, orderTermsOf } from "./order-draft.ts";
import { sendOrder } from "./send-order.ts";

const KINDS: readonly { kind: OrderKind; label: string }[] = [
  { kind: "limit", label: "Limit" },
  { kind: "market", label: "Market" },
];
const PREVIEW_EVERY_MS = 200;
const SHARES_PERCENT = [25, 50, 75, 100];

/** Where an order is made up: what it would do to the account is there before it is sent. */
export function OrderForm({ feed }: { feed: MarketFeed }) {
  const desk = useDesk();
  const { link, wallet, pickedPrice, notices } = desk;
  const { market, book } = feed;
  const [draft, setDraft] = useState<OrderDraft>(EMPTY_DRAFT);
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const sizeInput = useRef<HTMLInputElement>(null);
  const id = useId();
  const pulse = useBookPulse(feed, PREVIEW_EVERY_MS);
  const change = (part: Partial<OrderDraft>) => {
    setRefusal(null);
    setDraft((before) => ({ ...before, ...part }));
  };

  useEffect(() => {
    return pickedPrice.subscribe((price) => {
      if (price === null) return;
      setDraft((before) => ({ ...before, kind: "limit", price }));
      pickedPrice.value = null;
    });
  }, [pickedPrice]);

  // One letter each, where nobody types: buy, sell.
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const side = ({ b: "buy", s: "sell" } as const)[event.key];
      if (side === undefined) return;
      event.preventDefault();
      setDraft((before) => ({ ...before, side }));
      sizeInput.current?.focus();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);

  const markets = link.terms.value;
  const wire = link.wireMarket(market.symbol);
  const trading = wallet.trading.value;
  const account = trading?.feed.account.value ?? null;
  const best = { bidTicks: book.bestBid?.priceTicks ?? null, askTicks: book.bestAsk?.priceTicks ?? null };
  const composed = wire === null ? null : orderTermsOf(draft, market, wire, best);
  const terms = composed !== null && "terms" in composed ? composed.terms : null;
  const fault = composed !== null && "fault" in composed ? composed.fault : null;
  const preview = useMemo(
    () => (markets === null || account === null || terms === null ? null : livePreview(markets, account, book, terms)),
    [markets, account, pulse, JSON.stringify(terms)],
  );
  const base = market.symbol.split("-")[0] as string;

  /** The most that the exchange would take at the form's price. */
  const maxSize = (): string | null => {
    if (wire === null || markets === null || account === null) return null;
    const probe = orderTermsOf({ ...draft, size: wire.sizeMin, sizeUnit: "base" }, market, wire, best);
    return "terms" in probe ? (livePreview(markets, account, book, probe.terms)?.maxSize ?? null) : null;
  };
  const takeShare = (percent: number) => {
    const most = maxSize();
    if (most === null || wire === null) return;
    change({ size: shareOf(most, percent, wire.sizeStep), sizeUnit: "base" });
  };

  const submit = async (event: Event) => {
    event.preventDefault();
    if (trading === null || terms === null || sending) return;
    setSending(true);
    setRefusal(null);
    try {
      notices.tell("good", ...(await sendOrder(desk, trading, feed, terms)));
      setDraft((before) => ({ ...before, size: "" }));
    } catch (error) {
      setRefusal(problemText(error));
    } finally {
      setSending(false);
    }
  };

  const buys = draft.side === "buy";
  const said = preview?.refusal ?? null;
  const faultAt = (field: string) => (fault?.field === field ? fault.message : null);
  return (
    <section class="panel order" aria-labelledby={`${id}-title`}>
      <h2 class="unseen" id={`${id}-title`}>
        Place an order
      </h2>
      <AccountSummary />
      <form class="stack order-form" onSubmit={submit} aria-label="Order">
        <fieldset class="sides">
          <legend class="unseen">Side</legend>
          <button type="button" class="side-buy" aria-pressed={buys} onClick={() => change({ side: "buy" })}>
            Buy
          </button>
          <button type="button" class="side-sell" aria-pressed={!buys} onClick={() => change({ side: "sell" })}>
            Sell
          </button>
        </fieldset>
        <fieldset class="segments kinds">
          <legend class="unseen">Kind of order</legend>
          {KINDS.map(({ kind, label }) => (
            <button type="button" key={kind} aria-pressed={draft.kind === kind} onClick={() => change({ kind })}>
              {label}
            </button>
          ))}
        </fieldset>
        {draft.kind === "limit" ? (
          <Field id={`${id}-price`} label="Price" unit="USD" fault={faultAt("price")}>
            <input
              id={`${id}-price`}
              inputMode="decimal"
              autocomplete="off"
              value={draft.price}
              placeholder={
                best.bidTicks === null ? "" : full(buys ? (book.bestBid?.price ?? "") : (book.bestAsk?.price ?? ""))
              }
              aria-invalid={faultAt("price") !== null}
              aria-describedby={`${id}-price-fault`}
              onInput={(event) => change({ price: event.currentTarget.value })}
            />
          </Field>
        ) : (
          <Field
            id={`${id}-tolerance`}
            label="At most this much worse than the best price"
            unit="%"
            fault={faultAt("tolerance") ?? faultAt("price")}
          >
            <input
              id={`${id}-tolerance`}
              inputMode="decimal"
              autocomplete="off"
              value={draft.tolerancePercent}
              aria-describedby={`${id}-tolerance-fault`}
              onInput={(event) => change({ tolerancePercent: event.currentTarget.value })}
            />
          </Field>
        )}
        <Field
          id={`${id}-size`}
          label="Size"
          fault={faultAt("size")}
          unit={
            <button
              type="button"
              class="unit"
              aria-label={`Size in ${draft.sizeUnit === "base" ? base : "USD"}: change the unit`}
              onClick={() => change({ sizeUnit: draft.sizeUnit === "base" ? "usd" : "base", size: "" })}
            >
              {draft.sizeUnit === "base" ? base : "USD"}
            </button>
          }
        >
          <input
            id={`${id}-size`}
            ref={sizeInput}
            inputMode="decimal"
            autocomplete="off"
            value={draft.size}
            aria-invalid={faultAt("size") !== null}
            aria-describedby={`${id}-size-fault`}
            onInput={(event) => change({ size: event.currentTarget.value })}
          />
        </Field>
        <fieldset class="shares" disabled={account === null}>
          <legend class="unseen">Share of the largest size</legend>
          {SHARES_PERCENT.map((percent) => (
            <button type="button" class="button button-small" key={percent} onClick={() => takeShare(percent)}>
              {percent === 100 ? "Max" : `${percent}%`}
            </button>
          ))}
        </fieldset>
        <div class="options">
          {draft.kind === "limit" && (
            <label class="inline">
              <span>In force</span>
              <select
                value={draft.timeInForce}
                disabled={draft.postOnly}
                onChange={(event) => change({ timeInForce: event.currentTarget.value as OrderDraft["timeInForce"] })}
              >
                <option value="GTT">until cancelled (1 day)</option>
                <option value="IOC">immediate or cancel</option>
                <option value="FOK">fill or kill</option>
              </select>
            </label>
          )}
          {draft.kind === "limit" && (
            <label class="check">
              <input
                type="checkbox"
                checked={draft.postOnly}
                onChange={(event) => change({ postOnly: event.currentTarget.checked, timeInForce: "GTT" })}
              />
              Post only
            </label>
          )}
          <label class="check">
            <input
              type="checkbox"
              checked={draft.reduceOnly}
              onChange={(event) => change({ reduceOnly: event.currentTarget.checked })}
            />
            Reduce only
          </label>
        </div>
        <Estimate feed={feed} terms={terms} preview={preview} />
        {said !== null && (
          <p class="fault" role="status">
            {said.message} {said.remedy}
          </p>
        )}
        {refusal !== null && (
          <p class="fault" role="alert">
            {refusal}
          </p>
        )}
        {trading === null ? (
          <p class="soft centred">Connect a wallet to trade.</p>
        ) : (
          <button
            type="submit"
            class={`button ${buys ? "button-buy" : "button-sell"} send`}
            disabled={terms === null || sending || said !== null || link.connection.value !== "open"}
          >
            {sending
              ? "Sending …"
              : `${buys ? "Buy" : "Sell"} ${terms === null ? base : `${full(terms.size)} ${base}`}`}
          </button>
        )}
        <SizePreview feed={feed} terms={terms} takerFeePpm={account?.takerFeePpm ?? null} />
      </form>
    </section>
  );
}

interface FieldProps {
  id: string;
  label: string;
  unit?: preact.ComponentChildren;
  fault: string | null;
  children: preact.ComponentChildren;
}

function Field({ id, label, unit, fault, children }: FieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="with-unit">
        {children}
        <span class="unit-place">{unit}</span>
      </div>
      <p class="fault" id={`${id}-fault`}>
        {fault}
      </p>
    </div>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, select, textarea, dialog") !== null;
}

/** A share of a decimal, rounded down to a step. */
function shareOf(decimal: string, percent: number, step: string): string {
  const places = Math.max(decimal.split(".")[1]?.length ?? 0, step.split(".")[1]?.length ?? 0);
  const scaled = (text: string) => {
    const [whole = "0", fraction = ""] = text.split(".");
    return BigInt(whole + fraction.padEnd(places, "0"));
  };
  const steps = (scaled(decimal) * BigInt(percent)) / 100n / scaled(step);
  const digits = (steps * scaled(step)).toString().padStart(places + 1, "0");
  if (places === 0) return digits;
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, "");
}
