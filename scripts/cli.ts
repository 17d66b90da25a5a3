/**
 * A trader's command line, on the SDK: everything that a program can do through it, by hand.
 *
 *   npm run cli -- <command> [--api <url>] [--rpc <url>] [--exchange <address>] [--key-file <path>] [--json]
 *
 * Without addresses those of the devnet that `npm start` runs, with one of its wallets. `npm run cli -- help` lists the commands.
 */
import { Command } from "commander";
import { DecimalError } from "../matcher/protocol/decimal.ts";
import { ClearbookError, Unreachable } from "../matcher/sdk/http.ts";
import { OnchainRefusal } from "../matcher/sdk/onchain.ts";
import { conditionalCommands } from "./cli/conditional.ts";
import { DEFAULT_WALLET_INDEX, Desk, type DeskFlags } from "./cli/desk.ts";
import { escapingCommands } from "./cli/escaping.ts";
import { fundsCommands } from "./cli/funds.ts";
import { lookingCommands } from "./cli/looking.ts";
import { requestCommands } from "./cli/requests.ts";
import { type AtDesk, tradingCommands } from "./cli/trading.ts";
import { watchingCommands } from "./cli/watching.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

const program = new Command("cli")
  .description("Trade on Clearbook from the command line.")
  .option("--api <url>", "HTTP API of the exchange (CLEARBOOK_API)")
  .option("--rpc <url>", "JSON-RPC server of the chain (CLEARBOOK_RPC)")
  .option("--exchange <address>", "Exchange contract (CLEARBOOK_EXCHANGE)")
  .option("--key-file <path>", "file with a private key or a mnemonic phrase (CLEARBOOK_KEY_FILE)")
  .option("--index <n>", "which address of the phrase", String(DEFAULT_WALLET_INDEX))
  .option("--key-index <n>", "which trading key of your wallet, once you have rotated it", "0")
  .option("--account <n>", "which of your accounts (default: the newest cross account of your key)")
  .option("--receipts <path>", "keep the exchange's receipts in this file, for npm run audit")
  .option("--json", "answers as JSON, for programs");

/** What the exchange, the chain or the arguments refuse is told in a sentence; anything else is a bug and shows its stack. */
function refusalOf(error: unknown): unknown {
  const expected =
    error instanceof ClearbookError ||
    error instanceof Unreachable ||
    error instanceof OnchainRefusal ||
    error instanceof DecimalError ||
    error instanceof RangeError ||
    (error instanceof Error && error.message.endsWith("this trading key"));
  return expected ? new Refusal((error as Error).message) : error;
}

const atDesk: AtDesk =
  (work) =>
  async (...args) => {
    const desk = new Desk(program.opts<DeskFlags>());
    try {
      await work(desk, ...args);
    } catch (error) {
      throw refusalOf(error);
    } finally {
      desk.close();
    }
  };

lookingCommands(program, atDesk);
tradingCommands(program, atDesk);
conditionalCommands(program, atDesk);
fundsCommands(program, atDesk);
requestCommands(program, atDesk);
escapingCommands(program, atDesk);
watchingCommands(program, atDesk);

await runCommand(async () => {
  await program.parseAsync();
  return undefined;
});
