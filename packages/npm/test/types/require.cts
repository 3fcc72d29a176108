import fortress = require("fortress-sdk");
const p: Promise<fortress.Keyring> = fortress.Keyring.generate();
p.then((k) => k.encrypt("x"));
