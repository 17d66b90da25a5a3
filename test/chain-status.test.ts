import { expect } from "chai";
import { publicStatus } from "../matcher/chain-status.ts";

describe("the chain's part of the status", () => {
  it("shows of L1's address nothing but the host, in errors too", () => {
    const rpcUrl = "https://user:word@rpc.example.org:8443/v3/0123456789abcdef?key=secret";
    const status = { rpcUrl, halted: null, watcher: { lastError: `no answer (${rpcUrl}): timeout`, headBlock: 7 } };
    const shown = publicStatus(status, rpcUrl);
    expect(shown).to.deep.equal({
      rpcUrl: "https://rpc.example.org:8443",
      halted: null,
      watcher: { lastError: "no answer (https://rpc.example.org:8443): timeout", headBlock: 7 },
    });
  });
});
