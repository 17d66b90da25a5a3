import { computed, effect, type Signal, signal } from "@preact/signals";
import type { WireAccount, WireMarkets } from "../../protocol/api-wire.ts";
import type { WireOwner } from "../../protocol/margin-wire.ts";
import type { ClearbookClient } from "../../sdk/client.ts";
import type { OnchainWallet } from "../../sdk/onchain.ts";
import { AccountFeed } from "../exchange/account-feed.ts";
import type { ExchangeLink } from "../exchange/link.ts";
import { type AnnouncedWallet, discoverWallets } from "./announced.ts";
import { type Chain, chainIdOf, goToChain } from "./chain.ts";
import { KeyVault, type VaultPlace } from "./key-vault.ts";
import { problemText } from "./wallet-problem.ts";

/** How far a visitor has come. Each stage holds what the next one needs, so that there is nothing between two stages. */
export type Visitor =
  | { readonly stage: "away" }
  | {
      readonly stage: "elsewhere";
      readonly wallet: AnnouncedWallet;
      readonly address: string;
      readonly chainId: number;
    }
  | { readonly stage: "known"; readonly wallet: AnnouncedWallet; readonly address: string }
  | {
      readonly stage: "unregistered";
      readonly wallet: AnnouncedWallet;
      readonly address: string;
      readonly scalar: bigint;
    }
  | {
      readonly stage: "trading";
      readonly wallet: AnnouncedWallet;
      readonly address: string;
      readonly scalar: bigint;
      readonly client: ClearbookClient;
      readonly onchain: OnchainWallet;
      readonly feed: AccountFeed;
    };

/** Somebody who can trade. */
export type Trading = Extract<Visitor, { stage: "trading" }>;

const LAST_WALLET = "clearbook.wallet";
const REGISTRATION_WAIT_MS = 300_000;
const POLL_MS = 1_000;
/** A wallet that is asked something quiet answers at once, or is not there. */
const QUIET_MS = 5_000;

/** Connecting, signing in, and everything that the wallet does on its own meanwhile. */
export class WalletDesk {
  readonly wallets: Signal<readonly AnnouncedWallet[]>;
  readonly visitor: Signal<Visitor> = signal({ stage: "away" });
  /** What the page waits for, in words; null when it waits for nothing. */
  readonly waiting: Signal<string | null> = signal(null);
  readonly problem: Signal<string | null> = signal(null);
  /** The wallet of who trades has gone to another chain: orders need none, but deposits and claims do. */
  readonly isElsewhere = signal(false);
  readonly vault = new KeyVault(localStorage);
  readonly trading = computed(() => (this.visitor.value.stage === "trading" ? this.visitor.value : null));
  private readonly link: ExchangeLink;
  /** Of what is waited for: an answer that comes after its turn is over changes nothing. */
  private turn = 0;
  private followed: (() => void) | null = null;

  constructor(link: ExchangeLink) {
    this.link = link;
    this.wallets = discoverWallets(window);
    const stop = effect(() => {
      if (this.wallets.value.length > 0 && this.link.markets.value !== null) queueMicrotask(() => this.comeBack());
    });
    // Who was connected when the page was left is connected when it is opened again, without a question.
    void this.visitor.subscribe((visitor) => {
      if (visitor.stage !== "away") stop();
    });
  }

  get place(): { chainId: number; exchange: string } | null {
    const markets = this.link.markets.value;
    return markets === null ? null : { chainId: markets.chainId, exchange: markets.exchange };
  }

  get chain(): Chain | null {
    const { place } = this;
    const rpcUrl = (this.link.status.value?.chain as { rpcUrl?: string } | undefined)?.rpcUrl ?? null;
    if (place === null) return null;
    return {
      chainId: place.chainId,
      name: place.chainId === 31_337 ? "Clearbook devnet" : `Chain ${place.chainId}`,
      rpcUrl,
    };
  }

  vaultPlace(address: string): VaultPlace | null {
    return this.place === null ? null : { ...this.place, owner: address };
  }

  connect(wallet: AnnouncedWallet): Promise<void> {
    return this.attempt(`Connect in ${wallet.name}`, async (goesOn) => {
      const accounts = (await wallet.provider.request({ method: "eth_requestAccounts" })) as string[];
      if (goesOn()) await this.arrive(wallet, accounts, goesOn);
    });
  }

  /** Asks the wallet to come to the exchange's chain. */
  changeChain(): Promise<void> {
    const { chain } = this;
    const visitor = this.visitor.value;
    if (visitor.stage === "away" || chain === null) return Promise.resolve();
    const { wallet, address } = visitor;
    return this.attempt(`Change to ${chain.name} in ${wallet.name}`, async (goesOn) => {
      await goToChain(wallet.provider, chain);
      if (!goesOn()) return;
      if (visitor.stage === "trading") this.isElsewhere.value = false;
      else await this.arrive(wallet, [address], goesOn);
    });
  }

  /** One readable signature, asked for twice, gives the trading key. */
  signIn(): Promise<void> {
    const visitor = this.visitor.value;
    if (visitor.stage !== "known") return Promise.resolve();
    return this.attempt(`Sign twice in ${visitor.wallet.name}`, async (goesOn) => {
      const { openOnchain, deriveScalar } = await import("./signing.ts");
      const markets = this.requireMarkets();
      const onchain = await openOnchain(visitor.wallet.provider, visitor.address, markets);
      const scalar = await deriveScalar(onchain, markets);
      if (goesOn()) await this.begin(visitor, scalar, goesOn);
    });
  }

  unlock(passphrase: string): Promise<void> {
    const visitor = this.visitor.value;
    if (visitor.stage !== "known") return Promise.resolve();
    return this.attempt("Opening the key on this device", async (goesOn) => {
      const place = this.vaultPlace(visitor.address) as VaultPlace;
      const scalar = await this.vault.open(place, passphrase);
      if (goesOn()) await this.begin(visitor, scalar, goesOn);
    });
  }

  register(): Promise<void> {
    const visitor = this.visitor.value;
    if (visitor.stage !== "unregistered") return Promise.resolve();
    return this.attempt(
      `Confirm the registration in ${visitor.wallet.name}, then wait for its block`,
      async (goesOn) => {
        const { openOnchain, registerAccount } = await import("./signing.ts");
        const onchain = await openOnchain(visitor.wallet.provider, visitor.address, this.requireMarkets());
        const account = await registerAccount(onchain, visitor.scalar);
        await this.untilKnown(account, visitor.address, goesOn);
        if (goesOn()) await this.begin(visitor, visitor.scalar, goesOn);
      },
    );
  }

  /** Keeps the key on this device, under a passphrase. @throws RangeError for one that is too short */
  async keepKey(passphrase: string): Promise<void> {
    const visitor = this.visitor.value;
    if (visitor.stage !== "trading") return;
    await this.vault.keep(this.vaultPlace(visitor.address) as VaultPlace, visitor.scalar, passphrase);
  }

  forgetKey(): void {
    const visitor = this.visitor.value;
    if (visitor.stage === "away") return;
    const place = this.vaultPlace(visitor.address);
    if (place !== null) this.vault.forget(place);
  }

  /** Waits no longer. What the wallet was asked may still be answered there, and changes nothing here then. */
  giveUp(): void {
    this.turn += 1;
    this.waiting.value = null;
  }

  leave(): void {
    this.giveUp();
    this.problem.value = null;
    this.become({ stage: "away" });
    this.followed?.();
    this.followed = null;
    store(LAST_WALLET, null);
  }

  // ── Stages ────────────────────────────────────────────────────────────

  private async arrive(wallet: AnnouncedWallet, accounts: string[], goesOn: () => boolean): Promise<void> {
    const [address] = accounts;
    if (address === undefined) throw new Error("The wallet named no account: unlock it, and choose one.");
    const chainId = await chainIdOf(wallet.provider);
    if (!goesOn()) return;
    this.follow(wallet);
    store(LAST_WALLET, wallet.domain);
    const isHere = chainId === this.requireMarkets().chainId;
    this.become(isHere ? { stage: "known", wallet, address } : { stage: "elsewhere", wallet, address, chainId });
  }

  private async begin(
    { wallet, address }: { wallet: AnnouncedWallet; address: string },
    scalar: bigint,
    goesOn: () => boolean,
  ): Promise<void> {
    const { ClearbookClient, openOnchain, publicKeyOf } = await import("./signing.ts");
    const markets = this.requireMarkets();
    const account = await this.accountOf(address, publicKeyOf(scalar));
    if (!goesOn()) return;
    if (account === null) return this.become({ stage: "unregistered", wallet, address, scalar });
    const expect = { chainId: markets.chainId, exchange: markets.exchange };
    const nowMs = () => this.link.nowMs();
    const client = await ClearbookClient.connect({ apiUrl: this.link.apiUrl, key: scalar, account, expect, nowMs });
    const onchain = await openOnchain(wallet.provider, address, markets);
    if (!goesOn()) return;
    const feed = new AccountFeed(this.link, client);
    this.become({ stage: "trading", wallet, address, scalar, client, onchain, feed });
  }

  /** The newest cross account of the owner that has this key. */
  private async accountOf(owner: string, { ax, ay }: { ax: string; ay: string }): Promise<number | null> {
    const { accounts } = await this.link.http.get<WireOwner>(`/v1/owners/${owner}/positions`);
    for (const { account, mode } of accounts.toReversed()) {
      if (mode !== "cross") continue;
      const { key } = await this.link.http.get<WireAccount>(`/v1/account/${account}`);
      if (key.ax === ax && key.ay === ay) return account;
    }
    return null;
  }

  private async untilKnown(account: number, owner: string, goesOn: () => boolean): Promise<void> {
    const endMs = performance.now() + REGISTRATION_WAIT_MS;
    while (goesOn()) {
      const answer = await this.link.http.get<{ accounts: number[] }>("/v1/accounts", { owner }).catch(() => null);
      if (answer?.accounts.includes(account)) return;
      if (performance.now() > endMs) {
        throw new Error(
          `Account ${account} is registered, but the exchange does not know it yet: sign in again later.`,
        );
      }
      await new Promise((wake) => setTimeout(wake, POLL_MS));
    }
  }

  private become(next: Visitor): void {
    const before = this.visitor.peek();
    if (before.stage === "trading" && before !== next) before.feed.close();
    this.isElsewhere.value = false;
    this.visitor.value = next;
  }

  /** Account and chain may change in the wallet at any time: the page goes along. */
  private follow(wallet: AnnouncedWallet): void {
    this.followed?.();
    const { provider } = wallet;
    const again = (accounts: string[]) => {
      this.turn += 1;
      const turn = this.turn;
      this.waiting.value = null;
      if (accounts.length === 0) return this.leave();
      this.arrive(wallet, accounts, () => turn === this.turn).catch((error: unknown) => {
        this.problem.value = problemText(error);
        this.become({ stage: "away" });
      });
    };
    const accountsChanged = (accounts: string[]) => {
      const visitor = this.visitor.peek();
      const isSame = visitor.stage !== "away" && accounts[0]?.toLowerCase() === visitor.address.toLowerCase();
      if (!isSame) again(accounts);
    };
    const chainChanged = (chainId: string) => {
      const visitor = this.visitor.peek();
      if (visitor.stage === "away") return;
      const isHere = Number(chainId) === this.link.markets.peek()?.chainId;
      // Whoever trades goes on trading.
      if (visitor.stage === "trading") this.isElsewhere.value = !isHere;
      else if (isHere !== (visitor.stage !== "elsewhere")) again([visitor.address]);
    };
    const disconnected = () => this.leave();
    provider.on?.("accountsChanged", accountsChanged);
    provider.on?.("chainChanged", chainChanged);
    provider.on?.("disconnect", disconnected);
    this.followed = () => {
      provider.removeListener?.("accountsChanged", accountsChanged);
      provider.removeListener?.("chainChanged", chainChanged);
      provider.removeListener?.("disconnect", disconnected);
    };
  }

  private async comeBack(): Promise<void> {
    if (this.visitor.peek().stage !== "away" || this.waiting.peek() !== null) return;
    const domain = stored(LAST_WALLET);
    const wallet = this.wallets.peek().find((candidate) => candidate.domain === domain);
    if (domain === null || wallet === undefined) return;
    const asked = wallet.provider.request({ method: "eth_accounts" }) as Promise<string[]>;
    const late = new Promise<string[]>((resolve) => setTimeout(() => resolve([]), QUIET_MS));
    const accounts = await Promise.race([asked, late]).catch(() => []);
    if (accounts.length === 0 || this.visitor.peek().stage !== "away" || this.waiting.peek() !== null) return;
    await this.arrive(wallet, accounts, () => this.visitor.peek().stage === "away").catch(() => {});
  }

  /** Does one thing at a time. Whatever becomes of it, the visitor is at a stage, and knows why. */
  private async attempt(what: string, work: (goesOn: () => boolean) => Promise<void>): Promise<void> {
    this.turn += 1;
    const turn = this.turn;
    const goesOn = () => turn === this.turn;
    this.waiting.value = what;
    this.problem.value = null;
    try {
      await work(goesOn);
    } catch (error) {
      if (goesOn()) this.problem.value = problemText(error);
    } finally {
      if (goesOn()) this.waiting.value = null;
    }
  }

  private requireMarkets(): WireMarkets {
    const markets = this.link.markets.peek();
    if (markets === null) throw new Error("The exchange does not answer: try again when it does.");
    return markets;
  }
}

function store(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Storage may be refused: the next visit begins anew then.
  }
}

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
