/**
 * The whole state machine behind the signature check, on one core: book, margin and fees of both sides of every fill, slots, steps, the
 * record of each command and the hash chain over them. The flow and the book are those of scripts/bench/book.ts. Signatures are neither
 * made nor checked here: scripts/bench/signatures.ts.
 * Run: `node scripts/bench/exchange.ts [commands]`.
 */
import type { Command } from "../../matcher/sequencer/command.ts";
import { BookFlow, FLOW_ACCOUNTS, type FlowCommand } from "./book/book-flow.ts";
import { PlainExchange } from "./exchange/plain-exchange.ts";
import { reportRows } from "./frame/bench-row.ts";
import { collectGarbage } from "./frame/collected.ts";
import { median, type Rate, rateOf } from "./frame/cpu-rate.ts";

const RESTING_ORDERS = 100_000;
const ROUNDS = 10;
const MAX_FEE_PPM = 1_000;

const exchange = new PlainExchange();
exchange.open(FLOW_ACCOUNTS);
const flow = new BookFlow(RESTING_ORDERS);

function command(flowCommand: FlowCommand): Command {
  if (flowCommand.kind === "place") {
    const order = exchange.signed({ kind: "order", ...flowCommand.order, maxFeePpm: MAX_FEE_PPM });
    return { type: "message", message: order, settle: false };
  }
  const { account, slot, sequence } = flowCommand;
  return { type: "message", message: exchange.signed({ kind: "cancel", account, slot, sequence }), settle: false };
}

function run(commands: readonly Command[]): Rate {
  return rateOf(commands.length, () => {
    for (const one of commands) exchange.execute(one);
  });
}

const commandCount = Number(process.argv[2] ?? 200_000);
run(Array.from({ length: RESTING_ORDERS }, () => command(flow.place(false))));
console.log(`${exchange.state.engine.book.orderCount} orders rest`);
const rates: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const commands = Array.from({ length: commandCount / ROUNDS }, () => command(flow.mixed()));
  await collectGarbage();
  rates.push(run(commands).cpuPerSecond);
  console.log(`round ${round + 1}: ${Math.round(rates.at(-1) as number).toLocaleString("en")} commands/s of CPU time`);
}
reportRows([
  {
    figure: "matching with margin, fees and records, one core",
    value: median(rates),
    unit: "commands/s",
    better: "higher",
  },
]);
