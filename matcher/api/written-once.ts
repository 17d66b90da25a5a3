/** A text that is written when it is asked for, and once for all who ask until what it tells of has changed. */
export class WrittenOnce {
  private readonly write: () => string;
  private readonly version: () => string | number;
  private written: { version: string | number; text: string } | null = null;

  /** @param version another one whenever the text would be */
  constructor(write: () => string, version: () => string | number) {
    this.write = write;
    this.version = version;
  }

  text(): string {
    const version = this.version();
    if (this.written?.version !== version) this.written = { version, text: this.write() };
    return this.written.text;
  }
}
