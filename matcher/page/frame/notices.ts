import { type Signal, signal } from "@preact/signals";

export interface Notice {
  readonly id: number;
  readonly tone: "good" | "bad" | "plain";
  readonly title: string;
  readonly text: string;
}

const SHOWN_MS = 8_000;
const SHOWN_MAX = 4;

/** What has just happened, told for a while. Everything of it also stands in a list that stays. */
export class Notices {
  readonly shown: Signal<readonly Notice[]> = signal([]);
  private lastId = 0;

  tell(tone: Notice["tone"], title: string, text = ""): void {
    this.lastId += 1;
    const notice: Notice = { id: this.lastId, tone, title, text };
    this.shown.value = [...this.shown.peek(), notice].slice(-SHOWN_MAX);
    setTimeout(() => this.dismiss(notice.id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.shown.value = this.shown.peek().filter((notice) => notice.id !== id);
  }
}
