import { expect } from "chai";
import fc from "fast-check";
import { type Cell, csvLine, guardedText, isoTime } from "../../../matcher/api/history/csv.ts";
import { readCsv } from "./read-csv.ts";

describe("CSV", () => {
  it("is read back as it was, whatever the cells hold", () => {
    const cell = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "'", "=", "a", " ") }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1 }), (rows) => {
        const text = rows.map((row) => csvLine(row as Cell[])).join("");
        expect(readCsv(text)).to.deep.equal(
          rows.map((row) => row.map((value) => (value === null ? "" : String(value)))),
        );
      }),
    );
  });

  it("quotes only what needs it, and ends lines as RFC 4180 says", () => {
    expect(csvLine(["plain", 1, null, true, 'say "hi"', "a,b", "two\nlines"])).to.equal(
      'plain,1,,true,"say ""hi""","a,b","two\nlines"\r\n',
    );
  });

  it("gives text to no spreadsheet program as a formula, and takes nothing from it", () => {
    for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'quoted"]) {
      expect(guardedText(text)).to.equal(`'${text}`);
    }
    for (const text of ["plain", "a=1", "1-1", " =1", ""]) expect(guardedText(text)).to.equal(text);
    fc.assert(
      fc.property(fc.string(), (text) => {
        const guarded = guardedText(text);
        expect(guarded).to.not.match(/^[=+\-@\t\r]/);
        expect(guarded.startsWith("'") ? guarded.slice(1) : guarded).to.equal(text);
      }),
    );
  });

  it("says times in UTC, to the millisecond", () => {
    expect(isoTime(1_800_000_000_007)).to.equal("2027-01-15T08:00:00.007Z");
  });
});
