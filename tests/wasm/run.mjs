#!/usr/bin/env -S node --no-warnings
// Runs a WebAssembly test binary of Rust's (target wasm32-wasip1) in this Node: cargo's runner for that target.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [binary, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [binary, ...args], env: process.env });
const module = await WebAssembly.compile(await readFile(binary));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
