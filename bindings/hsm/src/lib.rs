//! Keys that Fortress never sees, as recipients of its envelopes: in a hardware module that speaks PKCS #11.
//!
//! Each is an [`ExternalKey`](fortress::external::ExternalKey): it wraps and unwraps the 32-byte key of an envelope, and stays where it is.
//!
//! ```no_run
//! use fortress::envelope::{self, Options, Recipient};
//! use fortress_hsm::pkcs11::{Access, Pkcs11Key, Pin};
//!
//! let access = Access::new().module("/usr/lib/softhsm/libsofthsm2.so").ask(|_| Ok(Pin::new("1234")));
//! let key = Pkcs11Key::open(&"pkcs11:token=vault;object=kek".parse()?, &access)?;
//! let recipients = [Recipient::External(&key)];
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod pkcs11;
