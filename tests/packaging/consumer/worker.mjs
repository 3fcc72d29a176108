import * as fortress from "fortress-sdk";
import { scenario } from "./scenario.mjs";

scenario(fortress, { files: new URL("/files/", location.href).href }).then(
  (written) => postMessage({ written }),
  (error) => postMessage({ failed: String(error.stack ?? error) }),
);
