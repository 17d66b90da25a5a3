/** xorshift32: the same sequence on every machine. */
export class Sequence32 {
  private state = 0x9e3779b9;
  next(limit: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return (x >>> 0) % limit;
  }
}
