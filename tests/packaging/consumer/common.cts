// The same package for a CommonJS consumer.
import fortress = require("fortress-sdk");
import slim = require("fortress-sdk/slim");

export async function use(): Promise<string> {
  const keyring: fortress.Keyring = await fortress.Keyring.generate();
  const token: fortress.Token = keyring.encrypt("value");
  await slim.init(new Uint8Array());
  return keyring.decryptText(token);
}
