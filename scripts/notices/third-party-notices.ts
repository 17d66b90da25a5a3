import { type LockedPackage, lockedPackages } from "./locked-package.ts";

export const NOTICES_FILE = "THIRD-PARTY-NOTICES.txt";
const RULE = "=".repeat(100);

/** Licences that a program under GPL-3.0-or-later may be combined with. Another one needs somebody to think about it. */
export const COMPATIBLE_LICENCES = new Set([
  "MIT",
  "ISC",
  "0BSD",
  "BSD",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "Apache-2.0",
  "MIT OR Apache-2.0",
  "(MIT OR Apache-2.0)",
  "Python-2.0",
  "MPL-2.0",
  "GPL-3.0",
]);

const MIT_TEXT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** Packages whose licence nobody has judged yet. */
export function unjudgedLicences(packages: readonly LockedPackage[]): string[] {
  return packages
    .filter(({ licence }) => !COMPATIBLE_LICENCES.has(licence))
    .map(({ name, version, licence }) => `${name} ${version}: ${licence}`);
}

/** The same on every machine: it says nothing but what the lock pins. */
export function renderNotices(root: string): string {
  const packages = lockedPackages(root);
  const parts = packages.filter(({ isPartOfClearbook }) => isPartOfClearbook);
  const tools = packages.filter(({ isPartOfClearbook }) => !isPartOfClearbook);
  return `${[
    "Third-party notices of Clearbook",
    "",
    "Written by scripts/notices.ts from package-lock.json and the installed packages. Do not edit.",
    "",
    "Clearbook itself is under GPL-3.0-or-later: see LICENSE, which also is the text for every package below under",
    "GPL-3.0. Packages under several licences are used under the one that is compatible with it.",
    "",
    "1. Packages that run as part of Clearbook, or whose text is compiled into its contracts and circuits",
    "",
    ...parts.map(line),
    "",
    "2. Packages that build and test Clearbook, and are no part of what is deployed",
    "",
    ...tools.map(line),
    "",
    "3. Texts for the packages of part 1",
    "",
    ...texts(parts),
  ].join("\n")}\n`;
}

function line({ name, version, licence }: LockedPackage): string {
  return `  ${name} ${version}: ${licence}`;
}

/** Each text once, under the packages that bring it. */
function texts(packages: readonly LockedPackage[]): string[] {
  const users = new Map<string, string[]>();
  for (const locked of packages) {
    // GPL-3.0 is the text of LICENSE; a platform's package stands under its parent's.
    if (locked.licence === "GPL-3.0" || locked.isForSomePlatforms) continue;
    for (const text of locked.texts.length > 0 ? locked.texts : [unbrought(locked)]) {
      users.set(text, [...(users.get(text) ?? []), `${locked.name} ${locked.version}`]);
    }
  }
  return [...users].flatMap(([text, names]) => [RULE, ...wrapped(names), "", text, ""]);
}

/** What stands in for the text that a package names and does not bring. */
function unbrought({ name, licence, author }: LockedPackage): string {
  const holder = `Copyright (c) ${author || `the authors of ${name}`}`;
  return licence === "MIT" ? `${holder}\n\n${MIT_TEXT}` : `${holder}\n\nLicensed under ${licence}.`;
}

function wrapped(names: readonly string[]): string[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length < 110) {
      lines[lines.length - 1] = `${last}, ${name}`;
    } else {
      if (last !== undefined) lines[lines.length - 1] = `${last},`;
      lines.push(name);
    }
  }
  return lines;
}
