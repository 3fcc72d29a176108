#!/bin/sh
# Compiles the workspace's own crates for WebAssembly with relaxed SIMD: cargo's RUSTC_WORKSPACE_WRAPPER. What they depend on stays as it is
# compiled for the tests with SIMD alone.
case " $* " in
  *" --target wasm32-"*) exec "$@" -Ctarget-feature=+relaxed-simd ;;
  *) exec "$@" ;;
esac
