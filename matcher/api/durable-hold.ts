/**
 * Keeps what was read from the state until everything that it shows is durable: a crash may still undo what the state is ahead by. What is
 * held is told in the order in which it was read.
 */
export class DurableHold {
  private reachedSeq: number;
  private readonly held: { seq: number; tell: () => void }[] = [];

  /** @param seq of the latest durable event */
  constructor(seq: number) {
    this.reachedSeq = seq;
  }

  /** Sequence of the latest event that is durable. */
  get durableSeq(): number {
    return this.reachedSeq;
  }

  /** Calls at once if the event is durable, otherwise once it is. */
  after(seq: number, tell: () => void): void {
    if (seq <= this.reachedSeq && this.held.length === 0) tell();
    else this.held.push({ seq, tell });
  }

  /** Everything up to this event is durable. */
  reached(seq: number): void {
    if (seq > this.reachedSeq) this.reachedSeq = seq;
    let ready = 0;
    while (ready < this.held.length && (this.held[ready] as { seq: number }).seq <= this.reachedSeq) ready += 1;
    for (const { tell } of this.held.splice(0, ready)) tell();
  }
}
