import type { FillGate, FillVerdict, ProposedFill } from "../../matcher/book/fill-gate.ts";
import { type BookOrder, slotKey } from "../../matcher/book/order.ts";
import type { Side } from "../../matcher/protocol/message.ts";
import type { RejectCode } from "../../matcher/protocol/reject.ts";

interface SlotRecord {
  sequence: number;
  filledLots: number;
}

/**
 * A ledger reduced to what the book can see: positions, and order slots kept by the protocol's rule for rows.
 * It throws when the book asks for a fill that no row could carry.
 */
export class MemoryGate implements FillGate {
  readonly positions = new Map<string, number>();
  readonly slots = new Map<number, SlotRecord>();
  readonly minSequences = new Map<number, number>();
  /** Calls of check since the last reset. */
  checks = 0;
  judge: (fill: ProposedFill, gate: MemoryGate) => FillVerdict = () => "ok";
  admission: (order: BookOrder, remainingLots: number) => RejectCode | null = () => null;
  liquidationRoom: (account: number, market: number, priceTicks: number, gate: MemoryGate) => number = () =>
    Number.MAX_SAFE_INTEGER;
  private undo: (() => void)[] | null = null;

  positionLots(account: number, market: number): number {
    return this.positions.get(`${account}/${market}`) ?? 0;
  }

  setPositionLots(account: number, market: number, lots: number): void {
    this.positions.set(`${account}/${market}`, lots);
  }

  sequenceFloor({ account, slot, timeInForce }: Parameters<FillGate["sequenceFloor"]>[0]): number {
    const { sequence = -1 } = this.slots.get(slotKey(account, slot)) ?? {};
    return Math.max(timeInForce === "GTT" ? sequence : sequence + 1, this.minSequences.get(account) ?? 0);
  }

  startingFilledLots({ account, slot, sequence, keepFilled }: Parameters<FillGate["startingFilledLots"]>[0]): number {
    const record = this.slots.get(slotKey(account, slot));
    return record !== undefined && (keepFilled || sequence === record.sequence) ? record.filledLots : 0;
  }

  admit(order: BookOrder, remainingLots: number): RejectCode | null {
    return this.admission(order, remainingLots);
  }

  liquidationLots(account: number, market: number, _side: Side, priceTicks: number): number {
    return this.liquidationRoom(account, market, priceTicks, this);
  }

  check(fill: ProposedFill): FillVerdict {
    this.checks += 1;
    return this.judge(fill, this);
  }

  apply(fill: ProposedFill): void {
    if (fill.makerAccount === fill.takerAccount) throw new Error("an account cannot trade with itself");
    if (fill.quantityLots < 1) throw new Error("a fill is at least one lot");
    const signedLots = fill.takerSide === "buy" ? fill.quantityLots : -fill.quantityLots;
    this.move(fill.takerAccount, fill.market, signedLots);
    this.move(fill.makerAccount, fill.market, -signedLots);
    this.record(fill.makerAccount, fill.makerSlot, fill.makerSequence, fill.makerKeepFilled, fill.quantityLots);
    if (fill.liquidation) return;
    this.record(fill.takerAccount, fill.takerSlot, fill.takerSequence, fill.takerKeepFilled, fill.quantityLots);
  }

  begin(): void {
    if (this.undo !== null) throw new Error("a trial is running already");
    this.undo = [];
  }

  rollback(): void {
    if (this.undo === null) throw new Error("no trial is running");
    for (const step of this.undo.reverse()) step();
    this.undo = null;
  }

  clone(): MemoryGate {
    const copy = new MemoryGate();
    for (const [key, lots] of this.positions) copy.positions.set(key, lots);
    for (const [key, record] of this.slots) copy.slots.set(key, { ...record });
    for (const [key, sequence] of this.minSequences) copy.minSequences.set(key, sequence);
    copy.judge = this.judge;
    copy.liquidationRoom = this.liquidationRoom;
    copy.admission = this.admission;
    return copy;
  }

  private move(account: number, market: number, lots: number): void {
    const key = `${account}/${market}`;
    const before = this.positions.get(key);
    this.positions.set(key, (before ?? 0) + lots);
    this.undo?.push(() => {
      if (before === undefined) this.positions.delete(key);
      else this.positions.set(key, before);
    });
  }

  private record(account: number, slot: number, sequence: number, keepFilled: boolean, lots: number): void {
    const key = slotKey(account, slot);
    const before = this.slots.get(key);
    const last = before ?? { sequence: 0, filledLots: 0 };
    if (sequence < last.sequence) throw new Error(`sequence ${sequence} is below the slot's ${last.sequence}`);
    const base = sequence === last.sequence || keepFilled ? last.filledLots : 0;
    this.slots.set(key, { sequence, filledLots: base + lots });
    this.undo?.push(() => {
      if (before === undefined) this.slots.delete(key);
      else this.slots.set(key, before);
    });
  }
}
