//! Keys that Fortress never sees, as recipients of its envelopes: in a hardware module that speaks PKCS #11, or in a
//! service.
//!
//! Each is an [`ExternalKey`](fortress::external::ExternalKey): it wraps and unwraps the 32-byte key of an envelope, and stays where it is.
//!
//! [`open`] opens any of them by its URI, with credentials from where their own tools look for them. The types in [`pkcs11`] and [`cloud`] take them from
//! the caller, and tell what goes wrong in more detail. [`DataKeys`] asks a key once for many envelopes.

#![forbid(unsafe_code)]

#[macro_use]
mod adapter;
mod bound;
pub mod cloud;
mod data_keys;
mod open;
pub mod pkcs11;

pub use data_keys::{Clock, DataKeyLimits, DataKeys};
pub use open::{Key, OpenError, SCHEMES, open, scheme};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
