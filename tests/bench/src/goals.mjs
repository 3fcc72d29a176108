/** What the project promises: how many times as fast as others within one run, and what nothing may exceed. */
import { ratio } from "./measure.mjs";
import { MESSAGES } from "./workloads.mjs";

/**
 * @typedef {object} Promised
 * @property {string} says
 * @property {string[]} where the platforms
 * @property {string} workload for a limit the start of its name, as each workload has to keep it
 * @property {string} ours a contestant's name; or the start of the first one's, or of every one's for a limit
 *
 * @typedef {Promised & { theirs: string, atLeast: number }} Goal how many times as fast as every contestant whose name starts so
 * @typedef {Promised & { below: number, unit: string, scale: number }} Limit so many units, of which there are `scale` in one of the results'
 *
 * @typedef {{ says: string, reached: boolean } & ({ against: string, ratio: number, atLeast: number } | { amount: number, below: number, unit: string })} Judgement
 */

const chromium = ["chromium"];
const firefox = ["firefox"];
const browsers = [...chromium, ...firefox];
const everywhere = [...browsers, "node"];

/** @type {Goal[]} */
const tokens = [
  { says: "token, encrypt", where: browsers, workload: "single-encrypt", ours: "Fortress token", theirs: "@noble/ciphers", atLeast: 3 },
  { says: "token, encrypt", where: browsers, workload: "single-encrypt", ours: "Fortress token", theirs: "wasm-themis", atLeast: 12 },
  { says: "token, encrypt", where: chromium, workload: "single-encrypt", ours: "Fortress token", theirs: "libsodium", atLeast: 0.5 },
];

/** @type {Goal[]} */
const members = ["row of 8", "row of 8, hoisted", "column of 1,000"].flatMap((name) => {
  const member = (direction) => ({ says: `${name}, a value, ${direction}`, workload: `member-${direction}`, ours: `Fortress ${name}`, theirs: "libsodium" });
  return [
    { ...member("encrypt"), where: chromium, atLeast: name.startsWith("row") ? 1.5 : 1 },
    { ...member("encrypt"), where: firefox, atLeast: 1 },
    { ...member("decrypt"), where: browsers, atLeast: 1 },
  ];
});

/** How many times as fast as others' ChaCha20-Poly1305. @type {[string, number][]} */
const others = [["libsodium", 2.2], ["@noble/ciphers", 5]];

/** Beside calls that give an array as well, and beside the fastest. @type {[string, string][]} */
const forms = [["as bytes", " ChaCha20-Poly1305, bare"], ["into an array", ""]];

/** @type {Goal[]} */
const messages = Object.keys(MESSAGES).flatMap((size) => others.flatMap(([theirs, atLeast]) => [
  ...["encrypt", "decrypt"].flatMap((direction) => forms.map(([form, rivals]) => (
    { says: `message of ${size}, ${direction}, ${form}`, where: everywhere, workload: `call-${size}-${direction}`, ours: `Fortress token, ${form}`, theirs: theirs + rivals, atLeast }
  ))),
  { says: `message of ${size} in place`, where: everywhere, workload: `kernel-ChaCha20-Poly1305-${size}`, ours: "Fortress kernel, SIMD", theirs, atLeast },
]));

/** @type {Goal[]} */
const aegis = ["SIMD", "relaxed SIMD"].map((simd) => ({
  says: `AEGIS-256 of 16 KiB in place, ${simd}`,
  where: browsers,
  workload: "kernel-AEGIS-256-16 KiB",
  ours: `Fortress kernel, ${simd}`,
  theirs: `aegis crate, prebuilt library, ${simd}`,
  atLeast: 1,
}));

/** @type {Goal[]} */
const identities = ["generate", "seal", "open"].map((what) => (
  { says: `identity, ${what}`, where: [...chromium, "node"], workload: `identity-${what}`, ours: "Fortress", theirs: "libsodium", atLeast: 1 }
));

/** @type {Goal[]} */
const streams = ["encrypt", "decrypt"].flatMap((direction) => {
  const stream = { says: `stream, ${direction}`, workload: `stream-${direction}`, ours: "Fortress AES-256-GCM" };
  return [
    // The best bare loop that anyone can write: of WebCrypto or WebAssembly, in one thread or several.
    { ...stream, where: chromium, theirs: "bare ", atLeast: 0.95 },
    { ...stream, where: firefox, theirs: "bare ", atLeast: 0.9 },
    { ...stream, where: ["node"], theirs: "bare node:crypto", atLeast: 0.9 },
    { ...stream, where: chromium, theirs: "typage", atLeast: 8 },
    { ...stream, where: firefox, theirs: "typage", atLeast: 5 },
  ];
});

/** @type {Goal[]} */
export const goals = [...tokens, ...members, ...messages, ...aegis, ...identities, ...streams];

/** @type {Limit[]} */
export const limits = [
  { says: "from import to the first token", where: chromium, workload: "start", ours: "Fortress", below: 30, unit: "ms", scale: 1e3 },
  ...Object.entries({ fortress: 150, fields: 60, signatures: 50 }).map(([ours, below]) => (
    { says: "on the wire", where: everywhere, workload: "size", ours, below, unit: "KB", scale: 1e-3 }
  )),
];

/** @returns {Judgement[]} */
export function judge(platform, results) {
  const here = ({ where }) => where.includes(platform);
  return [
    ...goals.filter(here).flatMap((goal) => compared(goal, results)),
    ...limits.filter(here).flatMap((limit) => weighed(limit, results)),
  ];
}

/** Beside the fastest of those whose name starts so, if ours took part. */
function compared({ says, workload, ours, theirs, atLeast }, results) {
  const entered = results.filter((result) => result.workload === workload);
  const us = entered.find(({ name }) => name === ours) ?? entered.find(({ name }) => name.startsWith(ours));
  if (us === undefined) return [];
  const rivals = entered.filter(({ name }) => name.startsWith(theirs)).map((them) => ({ against: them.name, ratio: ratio(us, them) }));
  if (rivals.length === 0) throw new Error(`nobody whose name starts with "${theirs}" took part in ${workload}`);
  const fastest = rivals.reduce((a, b) => (b.ratio < a.ratio ? b : a));
  return [{ says, ...fastest, atLeast, reached: fastest.ratio >= atLeast }];
}

function weighed({ says, workload, ours, below, unit, scale }, results) {
  const entered = results.filter((result) => result.workload.startsWith(workload) && result.name.startsWith(ours));
  return entered.map(({ name, perUnit, ...result }) => {
    const amount = perUnit * scale;
    const where = result.workload === workload ? name : `${name} (${result.workload})`;
    return { says: `${where}, ${says}`, amount, below, unit, reached: amount < below };
  });
}
