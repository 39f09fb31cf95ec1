// Compares two schemas: node breaking.mjs PROMISED NOW BREAKS. Breaks that are not in the list of those that are meant end it with 1,
// and so do lines of the list that are no break (any more).
import { readFileSync } from "node:fs";
import { buildSchema, findBreakingChanges, findDangerousChanges } from "graphql";

const [promised, now, list] = process.argv.slice(2);
const read = (path) => buildSchema(readFileSync(path, "utf8"));
const schemas = [read(promised), read(now)];
const meant = readFileSync(list, "utf8").split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
const breaks = findBreakingChanges(...schemas).map(({ type, description }) => `${type}: ${description}`);
const unmeant = breaks.filter((one) => !meant.includes(one));
const stale = meant.filter((one) => !breaks.includes(one));
for (const one of unmeant) console.log(`breaks what was promised: ${one}`);
for (const one of stale) console.log(`is no break, take it out of ${list}: ${one}`);
for (const { description } of findDangerousChanges(...schemas)) console.log(`may surprise a program: ${description}`);
console.log(`${breaks.length} breaking changes of the schema, ${unmeant.length} of them not meant`);
process.exit(unmeant.length + stale.length > 0 ? 1 : 0);
