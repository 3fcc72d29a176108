/** What `fortress-sdk/fields` loads in browsers when a keyring is opened or sealed. */

import { connectSealed } from "../sealed.js";
import { wholeModule } from "./web-module.js";

export const sealed = connectSealed(wholeModule);
