//! What takes care to use: a message's key, or an envelope's, outside the core.
//!
//! A browser computes AES-GCM several times faster than WebAssembly can. [`ChunkSequence`] lets it do just that: it has the key of one
//! message and each chunk's nonce handed to it, while order, truncation and failure stay here.
//! [`crate::envelope::NewEnvelope::into_sequence`] and [`crate::envelope::OpenEnvelope::into_sequence`] make one, and
//! [`crate::chunked::RandomAccess::sequence`] one for a part.
//!
//! External keys that answer later, as everything outside does in JavaScript, wrap an envelope's file key between two calls: [`Draft`] and
//! [`RewrapDraft`] stand in between, and [`crate::external::AnsweredKey`] brings the answer back.

pub use crate::chunked::sequence::{ChunkNonce, ChunkSequence};
pub use crate::envelope::draft::{Draft, RewrapDraft};
