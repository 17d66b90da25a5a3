import type { InterfaceAbi } from "ethers";
import { readArtifact } from "../devnet/artifact.ts";

/** Paths of the contracts of governance that are deployed as OpenZeppelin wrote them. */
export const ACCESS_MANAGER_PATH = "@openzeppelin/contracts/access/manager/AccessManager.sol/AccessManager";
export const TIMELOCK_PATH = "@openzeppelin/contracts/governance/TimelockController.sol/TimelockController";

/** @throws ArtifactError when the contracts are not compiled */
export function accessManagerAbi(): InterfaceAbi {
  return readArtifact(ACCESS_MANAGER_PATH).abi;
}

/** @throws ArtifactError when the contracts are not compiled */
export function timelockAbi(): InterfaceAbi {
  return readArtifact(TIMELOCK_PATH).abi;
}
