import { HttpSender } from "../bench/full-path/http-sender.ts";
import { BENCH_DOMAIN, BENCH_EPOCH_SECONDS } from "../bench/full-path/opened-exchange.ts";
import { SignedFlow } from "../bench/full-path/signed-flow.ts";
import { Sequence32 } from "../bench/sequence-32.ts";
import type { Scenario } from "./scenario.ts";

const PATHS = ["/v1/orders", "/v1/cancel", "/v1/cancel-all", "/v1/withdrawals", "/v1/transfers", "/v1/preview"];
const CONNECTIONS = 16;
const VALUES = [
  "null",
  "true",
  "[]",
  "{}",
  '""',
  '"1e999"',
  "1e999",
  "-1",
  "0.1",
  "9007199254740993",
  '"\\u0000"',
  "[[[[[[[[[[1]]]]]]]]]]",
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{}}}',
  `"${"9".repeat(3_000)}"`,
  '"0x"',
  '"NaN"',
  '"１"',
  '"-0"',
  "1E5",
];

/** Bodies that were once right, changed at random: values of other kinds, bytes flipped, cut, doubled keys, deep nesting. */
class Fuzzer {
  private readonly random = new Sequence32();
  private readonly flow = new SignedFlow(4, BENCH_DOMAIN, BENCH_EPOCH_SECONDS);

  next(): { path: string; body: string } {
    const right = this.flow.next();
    const path = this.random.next(4) === 0 ? (PATHS[this.random.next(PATHS.length)] as string) : right.path;
    return { path, body: this.changed(right.body) };
  }

  private changed(body: string): string {
    const fields = Object.entries(JSON.parse(body) as Record<string, unknown>);
    const at = this.random.next(fields.length);
    const value = VALUES[this.random.next(VALUES.length)] as string;
    const texts = fields.map(([name, content]) => `${JSON.stringify(name)}:${JSON.stringify(content)}`);
    const name = JSON.stringify(fields[at]?.[0]);
    switch (this.random.next(8)) {
      case 0:
        return `{${texts.with(at, `${name}:${value}`).join()}}`;
      case 1:
        return `{${texts.toSpliced(at, 1).join()}}`;
      case 2:
        return `{${[...texts, `${name}:${value}`].join()}}`;
      case 3:
        return body.slice(0, this.random.next(body.length));
      case 4:
        return value;
      case 5:
        return `{"__proto__":${value},${texts.join()}}`;
      case 6:
        return `${"[".repeat(this.random.next(5_000))}${body}`;
      default: {
        const place = this.random.next(body.length);
        return body.slice(0, place) + String.fromCharCode(this.random.next(256)) + body.slice(place + 1);
      }
    }
  }
}

/** All of them are sent, however long it takes: only the valid traffic beside the first of them is measured. @param bodies how many */
export function fuzz(bodies: number): Scenario {
  return {
    name: `${bodies.toLocaleString("en-US")} fuzzed bodies`,
    async run({ url }) {
      const fuzzer = new Fuzzer();
      const sender = new HttpSender(url, CONNECTIONS, "127.0.0.4");
      const statuses = new Map<number, number>();
      let left = bodies;
      let lost = 0;
      const connection = async () => {
        while (left-- > 0) {
          await sender.send(fuzzer.next()).then(
            ({ status }) => statuses.set(status, (statuses.get(status) ?? 0) + 1),
            () => (lost += 1),
          );
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, connection));
      sender.close();
      const failed = [...statuses].filter(([status]) => status >= 500 && status !== 503);
      const sent = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count}× ${status}`);
      const faults = failed.map(([status, count]) => `${count} answers of ${status}`);
      if (lost > 0) faults.push(`${lost} without an answer`);
      return { sent: sent.join(", "), faults };
    },
  };
}
