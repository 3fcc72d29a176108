/** typage (npm: age-encryption): a stream to an X25519 recipient. */
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { bytes, collect, sink, STREAM, streamOf } from "../workloads.mjs";

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
    { workload: "stream-encrypt", name, units: data.length, run: async () => (await encrypter.encrypt(streamOf(data))).pipeTo(sink().stream) },
    { workload: "stream-decrypt", name, units: data.length, run: async () => (await decrypter.decrypt(streamOf(encrypted))).pipeTo(sink().stream) },
  ];
}
