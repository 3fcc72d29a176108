// Imports the package and uses nothing of it: a bundle of this must be empty.
import { Keyring, inspect } from "fortress-sdk";
import { Keyring as Fields } from "fortress-sdk/fields";

globalThis.done = true;
if (false) console.log(Keyring, inspect, Fields);
