/** What `fortress-sdk/fields` loads in workerd when a keyring is opened or sealed. */

import wasm from "./fortress.wasm";
import { connectSealed } from "../sealed.js";

export const sealed = connectSealed(() => wasm);
