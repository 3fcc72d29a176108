/** What `fortress-sdk/fields` loads in Node when a keyring is opened or sealed. */

import { connectSealed } from "../sealed.js";
import { wholeModule } from "./node-module.js";

export const sealed = connectSealed(wholeModule);
