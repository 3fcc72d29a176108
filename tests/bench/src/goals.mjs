/** What the project promises, as ratios within one run. */
import { ratio } from "./measure.mjs";
import { MESSAGES } from "./workloads.mjs";

/**
 * @typedef {object} Goal
 * @property {string} says
 * @property {RegExp} where on which platforms
 * @property {string} workload
 * @property {string} ours the start of a contestant's name
 * @property {string} theirs
 * @property {number} atLeast how many times as fast
 */

const tokens = [
  { says: "token: 3 times noble's bare XChaCha20-Poly1305", where: /chromium|firefox/, workload: "single-encrypt", ours: "Fortress token", theirs: "@noble/ciphers", atLeast: 3 },
  { says: "token: 12 times wasm-themis", where: /chromium|firefox/, workload: "single-encrypt", ours: "Fortress token", theirs: "wasm-themis", atLeast: 12 },
  ...["Fortress row of 8", "Fortress row of 8, hoisted", "Fortress column of 1,000"].map((ours) => ({
    says: `${ours.replace("Fortress ", "")}, per value: at or ahead of libsodium's bare call`, where: /chromium|firefox/, workload: "member-encrypt", ours, theirs: "libsodium", atLeast: 1,
  })),
];

const more = [
  { says: "token: within 2 times libsodium's bare XChaCha20-Poly1305", where: /chromium/, workload: "single-encrypt", ours: "Fortress token", theirs: "libsodium", atLeast: 0.5 },
  { says: "row of 8, per value: 1.5 times libsodium's bare call", where: /chromium/, workload: "member-encrypt", ours: "Fortress row of 8", theirs: "libsodium", atLeast: 1.5 },
  ...Object.keys(MESSAGES).flatMap((size) => [["libsodium", 2.2], ["@noble/ciphers", 5]].map(([theirs, atLeast]) => ({
    says: `message of ${size}: ${atLeast} times ${theirs}'s bare ChaCha20-Poly1305`, where: /chromium|firefox|node/, workload: `call-${size}-encrypt`, ours: "Fortress", theirs, atLeast,
  }))),
];

const streams = ["encrypt", "decrypt"].flatMap((direction) => [
  { says: `stream, ${direction}: 0.9 of a bare WebCrypto loop`, where: /chromium|firefox/, workload: `stream-${direction}`, ours: "Fortress AES-256-GCM", theirs: "bare WebCrypto", atLeast: 0.9 },
  { says: `stream, ${direction}: 5 times typage`, where: /chromium|firefox/, workload: `stream-${direction}`, ours: "Fortress AES-256-GCM", theirs: "typage", atLeast: 5 },
  { says: `stream, ${direction}: 0.9 of a bare node:crypto loop`, where: /node/, workload: `stream-${direction}`, ours: "Fortress AES-256-GCM", theirs: "bare node:crypto", atLeast: 0.9 },
]);

const identities = ["seal", "open"].map((what) => ({
  says: `identity, ${what}: at or ahead of libsodium's bare X-Wing`, where: /chromium|node/, workload: `identity-${what}`, ours: "Fortress sealed keyring", theirs: "libsodium", atLeast: 1,
}));

const kernels = [
  ...["SIMD", "relaxed SIMD"].map((simd) => ({
    says: `AEGIS-256 of 16 KiB in place, ${simd}: at or ahead of the aegis crate's prebuilt library`, where: /chromium|firefox/, workload: "kernel-AEGIS-256-16 KiB", ours: `Fortress kernel, ${simd}`, theirs: `aegis crate, prebuilt library, ${simd}`, atLeast: 1,
  })),
  ...Object.keys(MESSAGES).flatMap((size) => [["libsodium", 2.2], ["@noble/ciphers", 5]].map(([theirs, atLeast]) => ({
    says: `message of ${size} in place: ${atLeast} times ${theirs}'s ChaCha20-Poly1305`, where: /chromium|firefox|node/, workload: `kernel-ChaCha20-Poly1305-${size}`, ours: "Fortress kernel, SIMD", theirs, atLeast,
  }))),
];

/** @type {Goal[]} */
export const goals = [...tokens, ...more, ...kernels, ...identities, ...streams];

/** @returns {{ says: string, ratio: number, atLeast: number, reached: boolean }[]} */
export function judge(platform, results) {
  const measured = ({ workload, ours }) => results.some((result) => result.workload === workload && result.name.startsWith(ours));
  return goals.filter((goal) => goal.where.test(platform) && measured(goal)).map(({ says, workload, ours, theirs, atLeast }) => {
    const [us, them] = [ours, theirs].map((name) => find(results, workload, name));
    const times = ratio(us, them);
    return { says, ratio: times, atLeast, reached: times >= atLeast };
  });
}

function find(results, workload, name) {
  const entered = results.filter((result) => result.workload === workload);
  const found = entered.find((result) => result.name === name) ?? entered.find((result) => result.name.startsWith(name));
  if (!found) throw new Error(`nobody called "${name}" took part in ${workload}`);
  return found;
}
