import { type PagedTable, type PageQuery, pageKey } from "../../../matcher/api/history/database.ts";
import type { Records } from "../../../matcher/api/history/rows.ts";
import type { History } from "../../../matcher/api/history.ts";
import { MARKETS } from "../../../matcher/protocol/spec.ts";
import type { Command } from "../../../matcher/sequencer/command.ts";
import type { ExchangeState } from "../../../matcher/sequencer/exchange-state.ts";
import type { Accepted } from "../../../matcher/sequencer/outcome.ts";
import { EPOCH_SECONDS, newState, unsigned } from "../../sequencer/exchange-fixture.ts";
import { dice } from "../../sequencer/random-commands.ts";
import { randomRisk } from "../../sequencer/random-risk.ts";

export const ACCOUNTS = 10;

/** Accepted commands with the client's names of their orders, and the state that they lead to. */
export interface RecordedRun {
  readonly commands: readonly { accepted: Accepted; clientId: string | null }[];
  readonly state: ExchangeState;
}

export function runOf(commands: Iterable<Command>, seed: number, stepMsMax = 20_000): RecordedRun {
  const roll = dice(seed);
  const state = newState();
  const taken: { accepted: Accepted; clientId: string | null }[] = [];
  let nowMs = EPOCH_SECONDS * 1_000;
  for (const command of commands) {
    nowMs += roll(5) === 0 ? roll(stepMsMax) : 0;
    const accepted = state.execute(command, nowMs);
    if (!accepted.accepted) continue;
    taken.push({ accepted, clientId: command.type === "message" ? (command.clientId ?? null) : null });
  }
  return { commands: taken, state };
}

/** Traders with high leverage over some hours: fills, liquidations, deleveraging, deposits, withdrawals, funding. */
export function riskyRun(seed: number, count: number): RecordedRun {
  return runOf(named(randomRisk(seed, count, ACCOUNTS)), seed);
}

/** Every third order gets a name. */
function* named(commands: Iterable<Command>): Generator<Command> {
  let orders = 0;
  for (const command of commands) {
    if (command.type !== "message" || command.message.kind !== "order") yield command;
    else yield orders++ % 3 === 0 ? { ...command, clientId: `=bot-${orders}` } : command;
  }
}

/** Two accounts of one owner that pay each other, and a third. */
export function transferCommands(first: Iterable<Command>): Command[] {
  const paid = (account: number, to: number, sequence: number, amountMicroUsd: bigint): Command => ({
    type: "message",
    message: unsigned({ kind: "transfer", account, to, sequence, expirySeconds: 2 ** 32 - 1, amountMicroUsd }),
    settle: false,
  });
  return [...first, paid(1, 2, 0, 5_000_000n), paid(2, 1, 0, 2_000_000n), paid(1, 2, 1, 1n), paid(1, 2, 2, 7n)];
}

export function recordAll(history: History, { commands }: RecordedRun, from = 0, to = commands.length): void {
  for (const { accepted, clientId } of commands.slice(from, to)) history.record(accepted, clientId);
}

/** Pages of every kind that a random reader asks for. */
export function randomQuery(roll: (n: number) => number, keyMax: number): { table: PagedTable; query: PageQuery } {
  const tables: PagedTable[] = [
    ...(["orders", "trades", "trades", "deposits", "withdrawals", "transfers"] as const),
    ...(["forced_trades", "funding_payments", "epochs"] as const),
  ];
  const table = tables[roll(tables.length)] as PagedTable;
  const query: PageQuery = { limit: 1 + roll(30) };
  if (table !== "epochs") query.account = roll(ACCOUNTS + 1);
  if (table === "trades" && roll(2) === 0) {
    delete query.account;
    query.market = roll(2);
  }
  if (table === "orders") {
    const status = roll(3);
    if (status > 0) query.closed = status === 1;
    if (roll(4) === 0) query.slot = roll(8);
  }
  const cursor = roll(4);
  if (cursor === 0) query.before = 1 + roll(keyMax);
  if (cursor === 1) query.after = roll(keyMax);
  return { table, query };
}

/** Everything in a table, by pages of a size, from the newest to the oldest. */
export async function allPages<T extends PagedTable>(
  history: History,
  table: T,
  query: Omit<PageQuery, "limit" | "before">,
  limit: number,
): Promise<Records[T][]> {
  const all: Records[T][] = [];
  for (let before: number | undefined; ; ) {
    const page = await history.page(table, { ...query, limit, ...(before === undefined ? {} : { before }) });
    all.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return all;
    before = pageKey(table, last);
  }
}

export const ALL_MARKETS = Array.from({ length: MARKETS }, (_, market) => market);
