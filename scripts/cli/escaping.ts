import type { Command } from "commander";
import { EscapeRefused } from "../../matcher/escape/escape-refused.ts";
import { EscapeRun } from "../../matcher/escape/escape-run.ts";
import { RebuildRefused } from "../../matcher/rebuild/rebuild-refused.ts";
import { escapeProgress } from "../escape/progress.ts";
import { escapeEverything } from "../escape/whole-escape.ts";
import { creationBlock } from "../rebuild/creation-block.ts";
import { Refusal } from "../supervisor/refusal.ts";
import type { AtDesk } from "./trading.ts";

/** The way out of an exchange whose operator is gone. */
export function escapingCommands(program: Command, atDesk: AtDesk): void {
  program
    .command("escape")
    .description(
      "take what your wallet owns out of an exchange whose operator is gone, from L1 alone; run it again when told to",
    )
    .option("--freeze", "freeze the exchange when it is overdue and nobody did", false)
    .option("--look", "only say how things stand", false)
    .action(
      atDesk(async (desk, flags: { freeze: boolean; look: boolean }) => {
        const { provider, signer, exchange, chainId } = await desk.onL1();
        const run = new EscapeRun({
          ...{ provider, signer, exchange, owner: await signer.getAddress() },
          firstBlock: await creationBlock(provider, exchange, await provider.getBlockNumber()),
          onStep: escapeProgress(),
        });
        try {
          const lines = await escapeEverything(run, { ...{ provider, chainId, exchange }, ...flags });
          desk.show({ lines }, () => lines.join("\n"));
        } catch (error) {
          if (error instanceof EscapeRefused || error instanceof RebuildRefused) throw new Refusal(error.message);
          throw error;
        }
      }),
    );
}
