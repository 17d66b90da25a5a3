import type { DeadMansSwitchEvent } from "./exchange-event.ts";

/**
 * When an account's orders are to be cancelled unless its owner is heard of before. Part of the deterministic state, so that a restart keeps
 * the promise; the host's clock gives the command that keeps it.
 */
export class DeadMansSwitches {
  private readonly deadlinesMs = new Map<number, number>();

  /** null: never. */
  deadlineMs(account: number): number | null {
    return this.deadlinesMs.get(account) ?? null;
  }

  /** @param timeoutMs 0 turns the switch off @param nowMs of the command */
  set(account: number, timeoutMs: number, nowMs: number): DeadMansSwitchEvent {
    const deadlineMs = timeoutMs === 0 ? null : nowMs + timeoutMs;
    if (deadlineMs === null) this.deadlinesMs.delete(account);
    else this.deadlinesMs.set(account, deadlineMs);
    return { type: "dead-mans-switch", account, deadlineMs };
  }

  /** The account's orders are out: a switch whose time has come has done its work. */
  spend(account: number, nowMs: number): DeadMansSwitchEvent[] {
    const deadlineMs = this.deadlineMs(account);
    return deadlineMs === null || deadlineMs > nowMs ? [] : [this.set(account, 0, nowMs)];
  }

  /** Whose time is up, ascending. */
  due(nowMs: number): number[] {
    const due: number[] = [];
    for (const [account, deadlineMs] of this.deadlinesMs) if (deadlineMs <= nowMs) due.push(account);
    return due.sort((a, b) => a - b);
  }

  /** Takes {@link entries} back into an empty list. */
  restore(entries: readonly [account: number, deadlineMs: number][]): void {
    for (const [account, deadlineMs] of entries) this.deadlinesMs.set(account, deadlineMs);
  }

  /** Ascending by account: equal states give equal lists. */
  entries(): [account: number, deadlineMs: number][] {
    return [...this.deadlinesMs].sort(([a], [b]) => a - b);
  }
}
