import { expect } from "chai";
import { announcedWallet, discoverWallets } from "../../matcher/page/wallet/announced.ts";
import { goToChain } from "../../matcher/page/wallet/chain.ts";
import { KeyVault, PASSPHRASE_LENGTH_MIN, VaultRefused } from "../../matcher/page/wallet/key-vault.ts";
import { isUnknownChain, problemText } from "../../matcher/page/wallet/wallet-problem.ts";
import { Unreachable } from "../../matcher/sdk/http.ts";
import { MemoryStorage } from "./memory-storage.ts";

const provider = { request: async () => null };
const info = { uuid: "1", name: "A wallet", icon: "data:image/png;base64,AA==", rdns: "a.wallet" };

describe("a wallet's announcement", () => {
  it("is taken with its name and its picture", () => {
    expect(announcedWallet({ info, provider })).to.deep.equal({
      id: "1",
      name: "A wallet",
      icon: info.icon,
      domain: "a.wallet",
      provider,
    });
  });

  it("loses a picture that is none, or lies elsewhere", () => {
    for (const icon of [
      "https://elsewhere.example/x.png",
      "data:text/html,<script>",
      "javascript:alert(1)",
      7,
      undefined,
    ]) {
      expect(announcedWallet({ info: { ...info, icon }, provider })?.icon, String(icon)).to.equal(null);
    }
    expect(
      announcedWallet({ info: { ...info, icon: `data:image/png,${"x".repeat(200_001)}` }, provider })?.icon,
    ).to.equal(null);
  });

  it("is left out when it is no wallet", () => {
    for (const detail of [
      null,
      "wallet",
      {},
      { info },
      { provider },
      { info: null, provider },
      { info: { ...info, name: " " }, provider },
      { info: { ...info, uuid: 1 }, provider },
      { info, provider: {} },
    ]) {
      expect(announcedWallet(detail)).to.equal(null);
    }
  });

  it("cannot fill the page with its name", () => {
    expect(announcedWallet({ info: { ...info, name: "x".repeat(500) }, provider })?.name).to.have.length(49);
  });

  it("is heard whenever it comes, once for each wallet", () => {
    const target = new EventTarget();
    let asked = 0;
    target.addEventListener("eip6963:requestProvider", () => asked++);
    const wallets = discoverWallets(target);
    const announce = (uuid: string) =>
      target.dispatchEvent(
        new CustomEvent("eip6963:announceProvider", { detail: { info: { ...info, uuid }, provider } }),
      );
    announce("1");
    announce("1");
    announce("2");
    expect(asked).to.equal(1);
    expect(wallets.value.map(({ id }) => id)).to.deep.equal(["1", "2"]);
  });
});

describe("going to the exchange's chain", () => {
  const CHAIN = { chainId: 31_337, name: "Here", rpcUrl: "http://127.0.0.1:8545" };

  /** A wallet that knows some chains, and what it was asked. */
  function walletOn(chainId: number, known: number[], stays = false) {
    const asked: string[] = [];
    let current = chainId;
    const request = async ({ method, params = [] }: { method: string; params?: readonly unknown[] | object }) => {
      asked.push(method);
      const [first] = params as { chainId: string }[];
      if (method === "eth_chainId") return `0x${current.toString(16)}`;
      if (method === "wallet_addEthereumChain") known.push(Number(first?.chainId));
      else if (!known.includes(Number(first?.chainId))) throw Object.assign(new Error("unknown"), { code: 4902 });
      else if (!stays) current = Number(first?.chainId);
      return null;
    };
    return { request, asked };
  }

  it("asks for the change, and tells of the chain only when it is not known", async () => {
    const knows = walletOn(1, [31_337]);
    await goToChain(knows, CHAIN);
    expect(knows.asked).to.deep.equal(["wallet_switchEthereumChain", "eth_chainId"]);
    const learns = walletOn(1, []);
    await goToChain(learns, CHAIN);
    expect(learns.asked.filter((method) => method !== "eth_chainId")).to.deep.equal([
      "wallet_switchEthereumChain",
      "wallet_addEthereumChain",
      "wallet_switchEthereumChain",
    ]);
  });

  it("is refused when the wallet stays where it is, or does not know the way", async () => {
    const failure = async (work: Promise<void>) =>
      work.then(
        () => "done",
        (error: Error) => error.message,
      );
    expect(await failure(goToChain(walletOn(1, [31_337], true), CHAIN))).to.match(/still on another chain/);
    expect(await failure(goToChain(walletOn(1, []), { ...CHAIN, rpcUrl: null }))).to.equal("unknown");
  });
});

describe("what a wallet's error says", () => {
  it("is found however deep a library has put it", () => {
    const rejected = { code: 4001, message: "User rejected" };
    expect(problemText(rejected)).to.match(/^You declined it/);
    expect(problemText(Object.assign(new Error("could not coalesce"), { info: { error: rejected } }))).to.match(
      /^You declined/,
    );
    expect(problemText(Object.assign(new Error("x"), { code: "ACTION_REJECTED" }))).to.match(/^You declined/);
    expect(problemText({ code: -32_002 })).to.match(/open already/);
    expect(
      isUnknownChain({ data: { originalError: rejected }, code: -32_603, message: "Unrecognized chain ID" }),
    ).to.equal(true);
    expect(isUnknownChain(rejected)).to.equal(false);
  });

  it("is the sentence of our own errors without its code, and some sentence in any case", () => {
    expect(problemText(new Error("MARGIN: Too little collateral. Deposit more."))).to.equal(
      "Too little collateral. Deposit more.",
    );
    const silent = new Unreachable("http://127.0.0.1:1/v1/orders", new Error("ECONNREFUSED"));
    expect(problemText(silent)).to.match(/^The exchange does not answer. What was sent may have been taken/);
    for (const odd of [undefined, null, 7, {}, { message: 3 }])
      expect(problemText(odd)).to.match(/^The wallet answered/);
  });
});

describe("a key on the device", function () {
  this.timeout(20_000);
  const place = { chainId: 31_337, exchange: "0xAbC", owner: "0xDeF" };
  const passphrase = "correct horse battery";
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error: Error) => error,
    );

  it("comes back under its passphrase, and is nowhere in the storage", async () => {
    const storage = new MemoryStorage();
    const scalar = 2n ** 250n + 12_345n;
    await new KeyVault(storage).keep(place, scalar, passphrase);
    const vault = new KeyVault(storage);
    expect(vault.has({ ...place, owner: "0xdEf" })).to.equal(true);
    expect(await vault.open(place, passphrase)).to.equal(scalar);
    expect(JSON.stringify(Object.entries({ entry: storage.getItem(storage.key(0) as string) }))).not.to.contain(
      scalar.toString(16),
    );
    vault.forget(place);
    expect(vault.has(place)).to.equal(false);
  });

  it("does not open for another passphrase, in another place, or when it was changed", async () => {
    const storage = new MemoryStorage();
    const vault = new KeyVault(storage);
    await vault.keep(place, 7n, passphrase);
    expect(await refusal(vault.open(place, `${passphrase}!`))).to.be.instanceOf(VaultRefused);
    const name = storage.key(0) as string;
    const text = storage.getItem(name) as string;
    const elsewhere = { ...place, owner: "0x123" };
    storage.setItem(name.replace("0xdef", "0x123"), text);
    expect(await refusal(vault.open(elsewhere, passphrase))).to.be.instanceOf(VaultRefused);
    const entry = JSON.parse(text) as { sealed: string };
    const flipped = (Number.parseInt(entry.sealed.slice(0, 2), 16) ^ 1).toString(16).padStart(2, "0");
    storage.setItem(name, JSON.stringify({ ...entry, sealed: flipped + entry.sealed.slice(2) }));
    expect(await refusal(vault.open(place, passphrase))).to.be.instanceOf(VaultRefused);
  });

  it("is not kept under a short passphrase, nor read from what is no entry or a weak one", async () => {
    const storage = new MemoryStorage();
    const vault = new KeyVault(storage);
    expect(await refusal(vault.keep(place, 7n, "x".repeat(PASSPHRASE_LENGTH_MIN - 1)))).to.be.instanceOf(RangeError);
    expect(storage.length).to.equal(0);
    await vault.keep(place, 7n, "x".repeat(PASSPHRASE_LENGTH_MIN));
    const name = storage.key(0) as string;
    const entry = JSON.parse(storage.getItem(name) as string) as object;
    for (const text of ["", "null", "[]", "{", JSON.stringify({ ...entry, iterations: 1_000 })]) {
      storage.setItem(name, text);
      expect(vault.has(place), text).to.equal(false);
    }
  });
});
