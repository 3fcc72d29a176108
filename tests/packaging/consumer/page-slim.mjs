import * as fortress from "fortress-sdk/slim";
import { beforeInit, scenario } from "./scenario.mjs";

globalThis.outcome = (async () => {
  await beforeInit(fortress);
  await fortress.init(fetch(new URL("/node_modules/fortress-sdk/dist/fortress.wasm", location.href)));
  return scenario(fortress, { files: new URL("/files/", location.href).href });
})();
