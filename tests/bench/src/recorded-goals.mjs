/** What the project promises where other programs measure: natively, on the command line and in Python. Judged by the figures that these leave. */

/**
 * @typedef {{ name: string, ours: boolean, speed: string } & ({ seconds: number } | { bytes: number })} Row
 * @typedef {{ title: string, rows: Row[] }} Group
 *
 * @typedef {object} Promised
 * @property {string} says
 * @property {string[]} where the reports
 * @property {string | RegExp} group its title
 * @property {string} ours a row's name
 *
 * @typedef {Promised & { theirs: string, atLeast: number }} Goal how many times as fast as the row of that name
 * @typedef {Promised & { unit: string, scale: number, below: (rows: Row[]) => number }} Limit so many units, of which there are `scale` in one of the figures'
 *
 * @typedef {import("./goals.mjs").Judgement} Judgement
 */

const suites = ["AES-256-GCM", "ChaCha20-Poly1305", "AEGIS-256", "AEGIS-256X2"];
const assembly = ["native-assembly"];
const native = [...assembly, "native-portable"];

/** @type {Goal[]} */
const natively = [
  ...suites.flatMap((suite) => [
    ...["encrypt", "decrypt"].map((direction) => (
      { says: `stream, ${suite}, ${direction}`, where: native, group: `stream ${direction}, ${suite}`, ours: "ours, update_into", theirs: "raw AEAD", atLeast: 0.9 }
    )),
    { says: `member of a group, ${suite}, encrypt`, where: native, group: `group member, ${suite}`, ours: "ours, encrypt_into", theirs: "raw AEAD, encrypt", atLeast: 1 / 1.5 },
    { says: `member of a group, ${suite}, decrypt`, where: native, group: `group member, ${suite}`, ours: "ours, any group's reader", theirs: "raw AEAD, decrypt", atLeast: 1 / 1.5 },
  ]),
  ...["AES-256-GCM", "AEGIS-256X2"].flatMap((suite) => [
    { says: `1 GiB in memory, ${suite}, all cores`, where: assembly, group: `memory encrypt, ${suite}`, ours: "ours, parts on all cores", theirs: "memory copy", atLeast: 0.8 },
    { says: `1 GiB in memory, ${suite}, one core`, where: assembly, group: `memory encrypt, ${suite}`, ours: "ours, update_into", theirs: "raw AEAD", atLeast: 0.9 },
  ]),
  { says: "envelope for a hybrid identity", where: native, group: "people: identities, seal", ours: "ours, an envelope", theirs: "bare X-Wing", atLeast: 1 / 1.2 },
];

/** @type {Goal[]} */
const commandLine = ["encrypt", "decrypt"].flatMap((direction) => [
  ...["", ", AEGIS-256X2", ...(direction === "encrypt" ? [", default Argon2id"] : [])].map((how) => (
    { says: `file, ${direction}${how}`, where: ["cli"], group: /^A file of/, ours: `fortress ${direction}${how}`, theirs: "cp", atLeast: 0.8 }
  )),
  ...["", ", AEGIS-256X2"].map((how) => (
    { says: `to /dev/null, ${direction}${how}`, where: ["cli"], group: /nothing written$/, ours: `fortress ${direction} to /dev/null${how}`, theirs: `age ${direction} to /dev/null`, atLeast: 3 }
  )),
]);

const python = ["python"];

/** @type {Goal[]} */
const inPython = [
  { says: "token", where: python, group: /^One value/, ours: "encrypt, bytes", theirs: "AESGCM.encrypt", atLeast: 1 / 1.3 },
  { says: "column, a list", where: python, group: /^A column/, ours: "encrypt_column, list of bytes", theirs: "[AESGCM.encrypt(...) for ...]", atLeast: 5 },
  { says: "column, a list", where: python, group: /^A column/, ours: "encrypt_column, list of bytes", theirs: "ironcore-alloy, a value at a time", atLeast: 300 },
  { says: "column, PyArrow", where: python, group: /^A column/, ours: "encrypt_column, pyarrow", theirs: "[AESGCM.encrypt(...) for ...]", atLeast: 10 },
  ...["encrypt", "decrypt"].flatMap((direction) => [["AES-256-GCM", 1], ["AEGIS-256X2", 1.5]].map(([suite, atLeast]) => ({
    says: `stream, ${suite}, ${direction}`,
    where: python,
    group: new RegExp(`^Stream of .*, ${direction}$`),
    ours: `${direction === "encrypt" ? "Encryptor" : "Decryptor"}, ${suite}`,
    theirs: "cryptography Cobblestone-256",
    atLeast,
  }))),
];

/** @type {Goal[]} */
export const goals = [...natively, ...commandLine, ...inPython];

/** @type {Limit[]} */
export const limits = [
  // 1.3 us, or four times the raw AEAD with a fresh key, whichever is more.
  ...suites.map((suite) => ({
    says: `token of 64 bytes, ${suite}, encrypt`,
    where: native,
    group: `token encrypt, ${suite}`,
    ours: "ours, encrypt_into",
    unit: "ns",
    scale: 1e9,
    below: (rows) => Math.max(1_300, 4e9 * named(rows, "raw AEAD, fresh key").seconds),
  })),
  ...["encrypt", "decrypt", "encrypt, default Argon2id"].map((what) => (
    { says: `memory, ${what}`, where: ["cli"], group: "Memory at the most", ours: `fortress ${what}`, unit: "MiB", scale: 2 ** -20, below: () => 64 }
  )),
];

/** @param {string} where the report's name @param {Group[]} groups @returns {Judgement[]} */
export function judge(where, groups) {
  const here = (promised) => promised.where.includes(where);
  return [
    ...goals.filter(here).flatMap((goal) => rowsOf(goal, groups).flatMap((rows) => compared(goal, rows))),
    ...limits.filter(here).flatMap((limit) => rowsOf(limit, groups).map((rows) => weighed(limit, rows))),
  ];
}

/** The rows of the group in which ours took part: none where it was not measured. */
function rowsOf({ group, ours }, groups) {
  const is = (title) => (typeof group === "string" ? title === group : group.test(title));
  const found = groups.find(({ title, rows }) => is(title) && rows.some(({ name }) => name === ours));
  return found === undefined ? [] : [found.rows];
}

/** Beside the other one, or beside nobody where that is measured only if it is installed. */
function compared({ says, ours, theirs, atLeast }, rows) {
  if (INSTALLED.test(theirs) && !rows.some(({ name }) => name === theirs)) return [];
  const ratio = named(rows, theirs).seconds / named(rows, ours).seconds;
  return [{ says, against: theirs, ratio, atLeast, reached: ratio >= atLeast }];
}

function weighed({ says, ours, unit, scale, below }, rows) {
  const { seconds, bytes } = named(rows, ours);
  const [amount, limit] = [(seconds ?? bytes) * scale, below(rows)];
  return { says, amount, below: limit, unit, reached: amount < limit };
}

const INSTALLED = /^(age|ironcore-alloy|cryptography Cobblestone) ?/;

/** @param {Row[]} rows @param {string} wanted */
function named(rows, wanted) {
  const row = rows.find(({ name }) => name === wanted);
  if (row === undefined) throw new Error(`nobody called "${wanted}" took part beside ${rows.map(({ name }) => name).join(", ")}`);
  return row;
}
