import { isAccountChannel, isMarketChannel, type StreamTopic, topicKey, topicOf } from "../protocol/stream-channels.ts";
import type { WireExchangeState, WireMarketStates, WireSubscribe } from "../protocol/stream-wire.ts";
import type { SequencedEvent } from "../sequencer/exchange-event.ts";
import type { Accepted } from "../sequencer/outcome.ts";
import { AccountStreams } from "./account-streams.ts";
import { Rejection } from "./api-error.ts";
import { DurableHold } from "./durable-hold.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { marketStates } from "./market-routes.ts";
import { MarketStreams } from "./market-streams.ts";
import { exchangeStatus } from "./status-routes.ts";
import type { StreamLimits } from "./stream-limits.ts";
import { Topic } from "./stream-topic.ts";
import { WrittenOnce } from "./written-once.ts";

/**
 * Everything that is streamed. It is told of commands once they are durable, never before; what happens within some milliseconds is told
 * together where order does not matter, and nothing is worked out that nobody reads.
 */
export class StreamHub {
  readonly hold: DurableHold;
  private readonly access: ExchangeAccess;
  private readonly limits: StreamLimits;
  private readonly accounts: AccountStreams;
  private readonly markets: ReadonlyMap<number, MarketStreams>;
  private readonly marketTerms: Topic;
  private readonly status: Topic;
  /** Those that are the same for everybody. */
  private readonly topics = new Map<string, Topic>();
  private flushTimer: NodeJS.Timeout | null = null;
  private stateTimer: NodeJS.Timeout | null = null;
  private isStopped = false;

  constructor(access: ExchangeAccess, limits: StreamLimits) {
    this.access = access;
    this.limits = limits;
    const { sequencer } = access;
    this.hold = new DurableHold(sequencer.state.eventCount);
    this.accounts = new AccountStreams(access, this.hold);
    this.markets = new Map(
      access.markets.map((market) => [market.index, new MarketStreams(access, this.hold, market)] as const),
    );
    const terms = new WrittenOnce(
      () => JSON.stringify(this.marketStates()),
      () => sequencer.state.eventCount,
    );
    this.marketTerms = new Topic({ channel: "markets" }, () => terms.text());
    this.status = new Topic({ channel: "status" }, () => JSON.stringify(this.exchangeState()));
    const ofMarkets = [...this.markets.values()].flatMap(({ topics }) => topics);
    for (const topic of [this.marketTerms, this.status, ...ofMarkets]) this.topics.set(topic.key, topic);
    sequencer.onDurable((accepted) => this.take(accepted));
    sequencer.finality.onProven((batch) => {
      this.accounts.proven(batch);
      if (this.accounts.figuresChanged()) this.tellStateSoon();
      this.publishState(this.status, () => this.exchangeState());
    });
  }

  /** The topic that a request names. @throws Rejection */
  topicOf(request: Pick<WireSubscribe, keyof StreamTopic>): Topic {
    const { channel, market, account, resolution } = request;
    const absent = (field: "market" | "account" | "resolution") => {
      if (request[field] === undefined) return;
      throw new Rejection("MALFORMED", { field, detail: `${channel} is not of one ${field}` });
    };
    if (channel !== "candles") absent("resolution");
    if (isAccountChannel(channel)) {
      absent("market");
      if (account === undefined) throw new Rejection("MISSING_FIELD", { field: "account" });
      return this.accounts.topic(this.access.requireAccount(String(account)), channel);
    }
    absent("account");
    if (isMarketChannel(channel)) {
      if (market === undefined) throw new Rejection("MISSING_FIELD", { field: "market" });
      this.access.marketOf(market);
      if (channel === "candles" && resolution === undefined)
        throw new Rejection("MISSING_FIELD", { field: "resolution" });
    } else absent("market");
    const topic = this.topics.get(topicKey(topicOf(request)));
    if (topic === undefined) throw new Error(`no topic ${topicKey(topicOf(request))}`);
    return topic;
  }

  /** Updates of an account's channel after an event, or null when they are not known any more, or never were told one by one. */
  private missed({ name: { channel, account } }: Topic, fromSequence: number): string[] | null {
    if (!isAccountChannel(channel) || account === undefined) return null;
    return this.accounts.missed(account, channel, fromSequence);
  }

  /**
   * Calls with what a reader of the topic is told first, once everything in it is durable.
   * @param fromSequence latest event that the reader has seen; without one, or with one that is forgotten, it is given a snapshot
   */
  first(topic: Topic, tell: (message: Buffer) => void, fromSequence?: number): void {
    const missed = fromSequence === undefined ? null : this.missed(topic, fromSequence);
    if (missed !== null) {
      tell(topic.resumed(missed));
      return;
    }
    this.snapshot(topic, fromSequence !== undefined, tell);
  }

  /** Calls with a snapshot, once everything in it is durable. @param reset whether the reader has missed something before it */
  snapshot(topic: Topic, reset: boolean, tell: (message: Buffer) => void): void {
    const data = topic.data();
    // What is read from the state may be ahead of what is durable; the rest is made of durable events.
    const { eventCount } = this.access.sequencer.state;
    const seq = readsState(topic.name) ? eventCount : 0;
    if (seq === 0) tell(topic.snapshot(data, reset));
    else this.hold.after(seq, () => tell(topic.snapshot(data, reset)));
  }

  /** Nobody may be reading the topic any more. */
  left(topic: Topic): void {
    if (topic.name.account !== undefined) this.accounts.forget(topic);
  }

  /** Tells everything now that was to be told soon. */
  flush(): void {
    if (this.flushTimer !== null) clearTimeout(this.flushTimer);
    this.flushTimer = null;
    for (const streams of this.markets.values()) streams.flush();
  }

  /** Tells what is left; nothing after it. */
  stop(): void {
    this.isStopped = true;
    this.flush();
    if (this.stateTimer !== null) clearTimeout(this.stateTimer);
    this.stateTimer = null;
  }

  private take(accepted: Accepted): void {
    const { events, acceptedAtMs } = accepted;
    let isFlushDue = false;
    let isStateDue = this.accounts.take(accepted);
    for (const [market, own] of eventsByMarket(events)) {
      if (this.markets.get(market)?.take(own, acceptedAtMs)) isFlushDue = true;
    }
    isStateDue ||= isFlushDue;
    const has = (type: SequencedEvent["event"]["type"]) => events.some(({ event }) => event.type === type);
    const isEpoch = has("epoch");
    if (isEpoch || has("funding-sample") || has("funding-interval")) {
      for (const streams of this.markets.values()) streams.termsChanged();
      isStateDue = true;
    }
    if (isEpoch) {
      this.accounts.figuresChanged();
      this.publishState(this.marketTerms, () => this.marketStates());
      this.publishState(this.status, () => this.exchangeState());
    }
    this.hold.reached(events.at(-1)?.seq ?? 0);
    if (this.isStopped) return;
    if (isFlushDue) this.flushTimer ??= setTimeout(() => this.flush(), this.limits.flushMs);
    if (isStateDue) this.tellStateSoon();
  }

  private tellStateSoon(): void {
    if (!this.isStopped) this.stateTimer ??= setTimeout(() => this.flushState(), this.limits.accountMs);
  }

  private flushState(): void {
    this.stateTimer = null;
    for (const streams of this.markets.values()) streams.flushState();
    this.accounts.flushState();
  }

  private publishState(topic: Topic, data: () => unknown): void {
    if (!topic.isRead) return;
    const json = JSON.stringify(data());
    this.hold.after(this.access.sequencer.state.eventCount, () => topic.publish(json));
  }

  private marketStates(): WireMarketStates {
    const { state } = this.access.sequencer;
    const epoch = { number: state.epochNumber, timeSeconds: state.epochTimeSeconds };
    return { epoch, markets: marketStates(this.access) };
  }

  private exchangeState(): WireExchangeState {
    const { sequencer, wire, nowMs } = this.access;
    const { state, finality } = sequencer;
    const [last] = finality.latest(1);
    return {
      status: exchangeStatus(this.access),
      epoch: { number: state.epochNumber, timeSeconds: state.epochTimeSeconds },
      steps: { emitted: state.stepCount, proven: finality.provenThroughStep },
      lastBatch: last === undefined ? null : wire.batch(last),
      atMs: nowMs(),
    };
  }
}

/** Whether a snapshot of the topic is read from the state, which may be ahead of what is durable. */
function readsState({ channel }: StreamTopic): boolean {
  return ["account", "ticker", "funding", "markets", "status"].includes(channel);
}

function eventsByMarket(events: readonly SequencedEvent[]): Map<number, SequencedEvent[]> {
  const byMarket = new Map<number, SequencedEvent[]>();
  for (const sequenced of events) {
    const { event } = sequenced;
    if (!("market" in event)) continue;
    const own = byMarket.get(event.market) ?? [];
    byMarket.set(event.market, own);
    own.push(sequenced);
  }
  return byMarket;
}
