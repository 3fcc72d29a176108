//! The WebAssembly module of the npm package `fortress-sdk`: it converts, calls the core, and converts back.
//!
//! A call lays its inputs out in the [frame], passes their length, and gets the length of its result, or -1 for an error.
//! `packages/npm/src/module/frame.ts` is the other side. Objects that live longer than a call are classes.

// Without a host there is nothing to forward to: on other targets the crate is empty.
#![cfg(target_arch = "wasm32")]

#[cfg(feature = "envelopes")]
pub mod draft;
#[cfg_attr(not(feature = "fields"), expect(dead_code, reason = "signatures need a part of it"))]
mod failure;
#[cfg_attr(not(feature = "fields"), expect(dead_code, reason = "signatures need a part of it"))]
pub mod frame;
#[cfg(feature = "envelopes")]
pub mod grants;
#[cfg(feature = "fields")]
pub mod inspect;
#[cfg_attr(not(feature = "fields"), expect(dead_code, reason = "signatures need a part of it"))]
mod json;
#[cfg(feature = "fields")]
pub mod keyring;
#[cfg(feature = "envelopes")]
pub mod message;
#[cfg(feature = "envelopes")]
pub mod opened;
#[cfg(feature = "envelopes")]
pub mod parties;
mod random;
#[cfg(feature = "envelopes")]
pub mod sealed;
#[cfg(feature = "envelopes")]
pub mod sharing;
#[cfg(feature = "signatures")]
pub mod signatures;
#[cfg(feature = "fields")]
pub mod tokens;
