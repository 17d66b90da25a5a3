/** What a story has claimed so far, each printed as it is judged. */
export class CheckList {
  readonly #print: (line: string) => void;
  #held = 0;
  #broken = 0;

  constructor(print: (line: string) => void = console.log) {
    this.#print = print;
  }

  get broken(): number {
    return this.#broken;
  }

  get summary(): string {
    return `${this.#held} checks hold, ${this.#broken} do not.`;
  }

  /** A heading. */
  chapter(title: string): void {
    this.#print(`\n${title}`);
  }

  /** Something that is told, not judged. */
  note(text: string): void {
    this.#print(`    ${text}`);
  }

  check(claim: string, holds: boolean, found = ""): void {
    if (holds) this.#held++;
    else this.#broken++;
    this.#print(`  ${holds ? "✓" : "✗"} ${claim}${holds || found === "" ? "" : ` — found ${found}`}`);
  }

  equal<T extends bigint | number | string | boolean>(claim: string, expected: T, found: T): void {
    this.check(claim, expected === found, `${found}, expected ${expected}`);
  }
}
