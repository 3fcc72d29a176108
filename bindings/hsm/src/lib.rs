//! Keys that Fortress never sees, as recipients of its envelopes: in a hardware module that speaks PKCS #11, or in a
//! service.
//!
//! Each is an [`ExternalKey`](fortress::external::ExternalKey): it wraps and unwraps the 32-byte key of an envelope, and stays where it is.

#![forbid(unsafe_code)]

pub mod cloud;
pub mod pkcs11;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
