import { usdFromMicroUsd } from "../protocol/decimal.ts";
import { type AccountChannel, RESUMABLE_CHANNELS, type StreamTopic, topicKey } from "../protocol/stream-channels.ts";
import type { WireAccountState, WireFinalityNews } from "../protocol/stream-wire.ts";
import type { SequencedEvent } from "../sequencer/exchange-event.ts";
import { accountView } from "../sequencer/exchange-view.ts";
import type { ProvenBatch } from "../sequencer/finality.ts";
import type { Accepted } from "../sequencer/outcome.ts";
import { AccountNews, accountsIn, type NewsChannel } from "./account-news.ts";
import { wireBalance } from "./balance.ts";
import type { DurableHold } from "./durable-hold.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { StreamMemory } from "./stream-memory.ts";
import { Topic } from "./stream-topic.ts";

/** Fills, withdrawals and transfers of an account that are looked through for what a batch has proven. */
const PROVEN_ITEMS_MAX = 1_000;

function isNews(channel: AccountChannel): channel is NewsChannel {
  return RESUMABLE_CHANNELS.includes(channel);
}

/** Everything that is streamed of single accounts, for those that are read. */
export class AccountStreams {
  private readonly access: ExchangeAccess;
  private readonly hold: DurableHold;
  private readonly news: AccountNews;
  private readonly memory: StreamMemory;
  private readonly topics = new Map<string, Topic>();
  /** Accounts whose figures are different from what was told last. */
  private readonly due = new Set<number>();

  constructor(access: ExchangeAccess, hold: DurableHold, memory = new StreamMemory()) {
    this.access = access;
    this.hold = hold;
    this.news = new AccountNews(access);
    this.memory = memory;
  }

  /** The topic, made when it is first read. */
  topic(account: number, channel: AccountChannel): Topic {
    const name: StreamTopic = { channel, account };
    const key = topicKey(name);
    const known = this.topics.get(key);
    if (known !== undefined) return known;
    const topic = new Topic(name, () => this.snapshotJson(account, channel));
    this.topics.set(key, topic);
    if (isNews(channel)) this.memory.watch(account, this.hold.durableSeq);
    return topic;
  }

  /** Nobody reads it any more. What it tells is remembered, all the same. */
  forget(topic: Topic): void {
    if (!topic.isRead) this.topics.delete(topic.key);
  }

  /** What was told of a channel after an event, or null when that is not known any more. */
  missed(account: number, channel: AccountChannel, fromSequence: number): string[] | null {
    if (!isNews(channel) || fromSequence > this.hold.durableSeq) return null;
    return this.memory.after(account, channel, fromSequence);
  }

  /** Takes a durable command in. @returns whether figures are to be told */
  take(command: Accepted): boolean {
    const byAccount = new Map<number, SequencedEvent[]>();
    for (const sequenced of command.events) {
      for (const account of new Set(accountsIn(sequenced.event))) {
        const own = byAccount.get(account) ?? [];
        byAccount.set(account, own);
        own.push(sequenced);
      }
    }
    const sequence = command.events.at(-1)?.seq ?? 0;
    for (const [account, own] of byAccount) {
      if (this.isRead(account, "account")) this.due.add(account);
      if (!this.memory.watches(account)) continue;
      for (const { channel, dataJson } of this.news.of(account, own, command)) {
        this.memory.add(account, channel, sequence, dataJson);
        this.topics.get(topicKey({ channel, account }))?.publish(dataJson);
      }
    }
    return this.due.size > 0;
  }

  /** Prices are different, or what is proven: so are everybody's figures. @returns whether figures are to be told */
  figuresChanged(): boolean {
    for (const { name } of this.topics.values()) {
      if (name.channel === "account" && name.account !== undefined) this.due.add(name.account);
    }
    return this.due.size > 0;
  }

  /** Tells figures as they are now. */
  flushState(): void {
    const { eventCount } = this.access.sequencer.state;
    for (const account of this.due) {
      const topic = this.topics.get(topicKey({ channel: "account", account }));
      if (topic === undefined) continue;
      const json = this.accountState(account);
      this.hold.after(eventCount, () => topic.publish(json));
    }
    this.due.clear();
  }

  /** A batch was settled: tells those whose fills and payments it has proven. */
  proven(batch: ProvenBatch): void {
    for (const topic of [...this.topics.values()]) {
      const { channel, account } = topic.name;
      if (channel !== "finality" || account === undefined) continue;
      const news = this.provenNews(account, batch);
      if (news.fills.length + news.withdrawals.length + news.transfers.length > 0) topic.publish(JSON.stringify(news));
    }
  }

  private isRead(account: number, channel: AccountChannel): boolean {
    return this.topics.get(topicKey({ channel, account }))?.isRead ?? false;
  }

  private snapshotJson(account: number, channel: AccountChannel): string {
    if (isNews(channel)) return this.news.snapshot(account, channel, this.hold.durableSeq);
    if (channel === "account") return this.accountState(account);
    const { finality } = this.access.sequencer;
    const [last] = finality.latest(1);
    const news: WireFinalityNews = {
      provenThroughStep: finality.provenThroughStep,
      batch: last === undefined ? null : this.access.wire.batch(last),
      fills: [],
      withdrawals: [],
      exits: [],
      transfers: [],
    };
    return JSON.stringify(news);
  }

  private accountState(account: number): string {
    const { access } = this;
    const { state } = access.sequencer;
    const view = accountView(state, account);
    if (view === undefined) throw new Error(`account ${account} is read and does not exist`);
    const told: WireAccountState = {
      sequence: state.eventCount,
      account: access.wire.account(view, access.positions(view), wireBalance(access.sequencer, access.history, view)),
    };
    return JSON.stringify(told);
  }

  private provenNews(account: number, batch: ProvenBatch): WireFinalityNews {
    const { history, wire } = this.access;
    const { first, last } = batch.steps;
    const isProven = ({ step }: { step: number }) => step >= first && step <= last;
    return {
      provenThroughStep: last,
      batch: wire.batch(batch),
      fills: history
        .fillsOf(account, PROVEN_ITEMS_MAX)
        .filter(isProven)
        .reverse()
        .map(({ tradeId, market }) => ({ tradeId, market: wire.market(market).symbol })),
      withdrawals: history
        .withdrawalsOf(account, PROVEN_ITEMS_MAX)
        .filter(isProven)
        .reverse()
        .flatMap(({ nonce }) => nonce ?? []),
      exits: history
        .withdrawalsOf(account, PROVEN_ITEMS_MAX)
        .filter((paid) => isProven(paid) && paid.nonce === null)
        .reverse()
        .map(({ amountMicroUsd }) => usdFromMicroUsd(amountMicroUsd)),
      transfers: history
        .transfersOf(account, PROVEN_ITEMS_MAX)
        .filter(isProven)
        .reverse()
        .map(({ account: from, to, nonce }) => ({ from, to, nonce })),
    };
  }
}
