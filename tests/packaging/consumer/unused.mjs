// Imports the package and uses nothing of it: a bundle of this must be empty.
import { Keyring, inspect } from "fortress-sdk";

globalThis.done = true;
if (false) console.log(Keyring, inspect);
