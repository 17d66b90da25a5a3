/**
 * Serves a development chain on 127.0.0.1 until it is told to end. The chain is fresh and lives in memory only.
 *
 *   node scripts/chain.ts [--rpc-port <port>] [--network <name in hardhat.config.ts>]
 *
 * Tells its parent {type: "ready", url, port, chainId}.
 */
import { Command } from "commander";
import hre from "hardhat";
import { endWithParent, tellParent } from "./supervisor/child-life.ts";
import { choosePort, parsePort } from "./supervisor/ports.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

const USUAL_PORT = 8545;

const options = new Command("chain")
  .option("--rpc-port <port>", `port of the JSON-RPC server (default: ${USUAL_PORT}, or a free one when it is taken)`)
  .option("--network <name>", "network of hardhat.config.ts to serve", "devnet")
  .parse()
  .opts<{ rpcPort?: string; network: string }>();

process.on("uncaughtException", (error: NodeJS.ErrnoException) => {
  const inUse = error.code === "EADDRINUSE";
  process.stderr.write(inUse ? "The chain's port was taken in the same moment: try again.\n" : `${error.stack}\n`);
  process.exit(1);
});

await runCommand(async () => {
  const port = await choosePort(parsePort(options.rpcPort, "--rpc-port"), USUAL_PORT, "--rpc-port");
  const network = hre.config.networks[options.network];
  if (network === undefined || network.type !== "edr-simulated") {
    throw new Refusal(`hardhat.config.ts has no simulated network "${options.network}".`);
  }
  const server = await hre.network.createServer({ network: options.network }, "127.0.0.1", port);
  // Before close(): it waits for events that close() would already have sent.
  const closed = server.afterClosed();
  endWithParent(async () => {
    await Promise.race([server.close().then(() => closed), new Promise((wake) => setTimeout(wake, 500))]);
  });
  const { port: openPort } = await server.listen();
  const url = `http://127.0.0.1:${openPort}`;
  console.log(`chain ${network.chainId} at ${url}`);
  tellParent({ type: "ready", url, port: openPort, chainId: network.chainId });
  return undefined;
});
