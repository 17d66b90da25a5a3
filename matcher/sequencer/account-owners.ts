/** Which accounts an L1 owner has, in order of registration. */
export class AccountOwners {
  private readonly accounts = new Map<bigint, readonly number[]>();

  of(owner: bigint): readonly number[] {
    return this.accounts.get(owner) ?? [];
  }

  add(owner: bigint, account: number): void {
    this.accounts.set(owner, [...this.of(owner), account]);
  }

  /** In order of the owners' first registrations: equal histories give equal lists. */
  entries(): [owner: bigint, accounts: readonly number[]][] {
    return [...this.accounts];
  }
}
