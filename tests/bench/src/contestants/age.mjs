/** typage (npm: age-encryption): a stream to an X25519 recipient, and what is sealed for a hybrid one. */
import { Decrypter, Encrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption";
import { bytes, collect, mustEqual, sink, STREAM, streamOf, VALUE } from "../workloads.mjs";

/** @returns {Promise<import("../workloads.mjs").Contestant[]>} */
export async function contestants() {
  const name = "typage";
  const identity = await generateX25519Identity();
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const data = bytes(STREAM);
  const encrypted = await collect(await encrypter.encrypt(streamOf(data)));
  return [
    ...(await identities()),
    ...passphrase(),
    { workload: "stream-encrypt", name, units: data.length, run: async () => (await encrypter.encrypt(streamOf(data))).pipeTo(sink().stream) },
    { workload: "stream-decrypt", name, units: data.length, run: async () => (await decrypter.decrypt(streamOf(encrypted))).pipeTo(sink().stream) },
  ];
}

/** A whole file for a passphrase, by scrypt at its usual cost: 256 MiB. */
function passphrase() {
  const name = "typage, scrypt, 256 MiB";
  const [encrypter, decrypter] = [new Encrypter(), new Decrypter()];
  encrypter.setPassphrase("correct horse battery staple");
  decrypter.addPassphrase("correct horse battery staple");
  const value = bytes(VALUE);
  let sealed;
  const run = async () => {
    // At the first call: it takes seconds, and most runs do not get here.
    sealed ??= await encrypter.encrypt(value);
    mustEqual(await decrypter.decrypt(sealed), value, name);
  };
  return [{ workload: "passphrase-unlock", name, units: 1, asynchronous: true, run }];
}

/** A whole file for a hybrid identity, ML-KEM-768 with X25519. */
async function identities() {
  const name = "typage, hybrid";
  const identity = await generateHybridIdentity();
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const value = bytes(VALUE);
  const sealed = await encrypter.encrypt(value);
  mustEqual(await decrypter.decrypt(sealed), value, name);
  return [
    { workload: "identity-generate", name, units: 1, asynchronous: true, run: async () => identityToRecipient(await generateHybridIdentity()) },
    { workload: "identity-seal", name, units: 1, asynchronous: true, run: () => encrypter.encrypt(value) },
    { workload: "identity-open", name, units: 1, asynchronous: true, run: () => decrypter.decrypt(sealed) },
  ];
}
