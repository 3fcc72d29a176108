//! Grants: keys of a scope for someone, signed by who gives them, for a time (spec A-1 to A-9).
//!
//! A grant is an envelope for its recipients. It holds the keys of a scope, and says who granted them, what may be done with them, from when until
//! when and what for; the granter's signature covers all of that, and the envelope's header with the recipients. Who opens it names the
//! granters that are trusted, and the time.
//!
//! A grant *to encrypt* holds no key that decrypts. A grant *to decrypt* holds symmetric keys, and those could encrypt too: that they do not
//! is the word of this library, and nothing that an opponent has to keep to. The same holds for the time: who has opened a grant has its keys. To end one
//! before its time, [rotate](Keyring::rotate) the keyring, so that what is encrypted afterwards is out of its reach.
//!
//! ```
//! # #[cfg(feature = "grants")] {
//! use fortress::{Context, Keyring, Profile, Timestamp, grant::{self, Actions, SigningKey, Terms}, identity::SecretIdentity};
//! # let mut rng = getrandom::SysRng;
//! # let keyring = Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut rng)?;
//! # let ada = SecretIdentity::generate(&mut rng)?;
//! let grace = SigningKey::generate(Default::default(), &mut rng)?;
//! let email = keyring.scope(["acme", "users", "email"])?;
//! let terms = Terms {
//!     actions: Actions::Decrypt,
//!     from: Timestamp(1_790_000_000),
//!     until: Timestamp(1_790_604_800),
//!     purpose: "answering tickets".into(),
//!     granter_name: "Grace".into(),
//!     recipient_name: "Ada".into(),
//! };
//! let sealed = grant::seal(&email, &terms, &grace, &[ada.public().into()], &mut rng)?;
//!
//! let (now, trusted) = (Timestamp(1_790_100_000), [grace.verifying_key().clone()]);
//! let opened = grant::open(&sealed, &[(&ada).into()], &trusted, now, &Default::default())?;
//! let token = email.encrypt(b"ada@example.org", &Context::empty(), &mut rng)?;
//! assert_eq!(opened.keyring(now)?.decrypt(&token, &Context::empty())?, b"ada@example.org");
//! assert!(opened.keyring(now)?.encrypt(b"", &Context::empty(), &mut rng).is_err());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod contents;
mod error;
#[cfg(feature = "grants")]
pub(crate) mod signed;
#[cfg(feature = "grants")]
mod signing;
mod terms;
pub(crate) mod unsigned;

pub use error::{GrantError, SigningKeyError};
#[cfg(feature = "grants")]
pub use signed::{Grant, SignedGrant, draft, open, read, seal, seal_draft};
#[cfg(feature = "grants")]
pub use signing::{Algorithm, SigningKey, VerifyingKey};
pub use terms::{Actions, GrantId, GranterId, MAX_NAME_LEN, MAX_PURPOSE_LEN, Terms};
pub use unsigned::MAX_PAYLOAD_LEN;

#[cfg(feature = "grants")]
#[cfg(test)]
mod tests;
