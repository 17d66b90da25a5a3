/** Lets one piece of work follow the other, where two at once would take the same nonce. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs work once everything before it has ended, well or not. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work, work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
