/** The WebAssembly module, as runtimes import it that compile modules themselves. */
declare const module: WebAssembly.Module;
export default module;
