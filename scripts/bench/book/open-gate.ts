import type { FillGate, FillVerdict, ProposedFill } from "../../../matcher/book/fill-gate.ts";
import { MARKETS } from "../../../matcher/protocol/spec.ts";

/** Lets everything through and keeps positions only, so that a figure is the book's and not the ledger's. */
export class OpenGate implements FillGate {
  private readonly positions: Float64Array;

  constructor(accounts: number) {
    this.positions = new Float64Array(accounts * MARKETS);
  }

  positionLots(account: number, market: number): number {
    return this.positions[account * MARKETS + market] as number;
  }
  sequenceFloor(): number {
    return 1;
  }
  startingFilledLots(): number {
    return 0;
  }
  admit(): null {
    return null;
  }
  liquidationLots(): number {
    return 0;
  }
  check(): FillVerdict {
    return "ok";
  }
  apply(fill: ProposedFill): void {
    const signedLots = fill.takerSide === "buy" ? fill.quantityLots : -fill.quantityLots;
    const taker = fill.takerAccount * MARKETS + fill.market;
    const maker = fill.makerAccount * MARKETS + fill.market;
    this.positions[taker] = (this.positions[taker] as number) + signedLots;
    this.positions[maker] = (this.positions[maker] as number) - signedLots;
  }
  begin(): void {}
  rollback(): void {}
}
