import { expect } from "chai";
import { GOVERNANCE_PROFILES, type GovernanceProfile, profileFaults } from "../../scripts/governance/profile.ts";
import type { GovernanceRole } from "../../scripts/governance/roles.ts";

const PRODUCTION = GOVERNANCE_PROFILES.production;

function withDelay(role: GovernanceRole, seconds: number): GovernanceProfile {
  return { ...PRODUCTION, delaysSeconds: { ...PRODUCTION.delaysSeconds, [role]: seconds } };
}

describe("Profiles of governance", () => {
  it("are sound where money is, and say what a devnet lacks", () => {
    expect(profileFaults(GOVERNANCE_PROFILES.production)).to.deep.equal([]);
    expect(profileFaults(GOVERNANCE_PROFILES.testnet)).to.deep.equal([]);
    expect(profileFaults(GOVERNANCE_PROFILES.devnet)).to.have.length(9);
  });

  for (const role of ["verifiers", "oracle"] as const) {
    it(`let everybody leave before role ${role} does anything: three deadlines and the exit window, and a second`, () => {
      const { requestDeadlineSeconds, exitWindowSeconds } = PRODUCTION;
      const leaveSeconds = 3 * requestDeadlineSeconds + exitWindowSeconds;
      expect(profileFaults(withDelay(role, leaveSeconds + 1))).to.deep.equal([]);
      expect(profileFaults(withDelay(role, leaveSeconds))).to.deep.equal([
        `Role ${role} waits ${leaveSeconds} s: not everybody can leave in ${leaveSeconds} s before.`,
      ]);
    });
  }

  it("name a new operator before the exchange would freeze", () => {
    const { requestDeadlineSeconds } = PRODUCTION;
    expect(profileFaults(withDelay("operatorNaming", requestDeadlineSeconds - 1))).to.deep.equal([]);
    expect(profileFaults(withDelay("operatorNaming", requestDeadlineSeconds))).to.deep.equal([
      `A new operator is named in ${requestDeadlineSeconds} s: the exchange would freeze after ${requestDeadlineSeconds} s.`,
    ]);
  });

  for (const role of ["parameters", "markets", "operatorNaming"] as const) {
    it(`let role ${role} do nothing without notice`, () => {
      expect(profileFaults(withDelay(role, 1))).to.deep.equal([]);
      expect(profileFaults(withDelay(role, 0))).to.deep.equal([
        `Role ${role} waits for nothing: nobody would be told before.`,
      ]);
    });
  }

  it("let guardian and veto act at once", () => {
    expect(profileFaults(withDelay("veto", 1))).to.deep.equal(["Role veto waits: a thief would be done before."]);
    expect(profileFaults(withDelay("guardian", 1))).to.deep.equal([
      "The guardian waits: its pause would come too late.",
    ]);
  });

  it("give everybody time to notice", () => {
    expect(profileFaults({ ...PRODUCTION, exitWindowSeconds: 0 })).to.deep.equal([
      "The exit window is empty: nobody could notice a change before it counts.",
    ]);
  });

  it("let the admin wait longer than whom it can make", () => {
    const slowest = Math.max(...Object.values(PRODUCTION.delaysSeconds));
    expect(profileFaults({ ...PRODUCTION, adminDelaySeconds: slowest + 1 })).to.deep.equal([]);
    expect(profileFaults({ ...PRODUCTION, adminDelaySeconds: slowest })).to.deep.equal([
      `The admin waits ${slowest} s, no longer than the slowest role that it can hand out.`,
    ]);
  });
});
