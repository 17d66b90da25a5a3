/** L1's logs contradict each other or the state that they lead to: nothing is built on them. */
export class RebuildRefused extends Error {
  /** The batch that does not fit; undefined when it is the queue, an epoch, or the contract's own answers. */
  readonly batchNumber: number | undefined;

  constructor(what: string, batchNumber?: number) {
    super(batchNumber === undefined ? what : `Batch ${batchNumber}: ${what}`);
    this.name = "RebuildRefused";
    this.batchNumber = batchNumber;
  }
}
