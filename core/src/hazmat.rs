//! What takes care to use: a message's key outside the core.
//!
//! A browser computes AES-GCM several times faster than WebAssembly can. [`ChunkSequence`] lets it do just that: it has the key of one
//! message and each chunk's nonce handed to it, while order, truncation and failure stay here.
//! [`crate::envelope::NewEnvelope::into_sequence`] and [`crate::envelope::OpenEnvelope::into_sequence`] make one, and
//! [`crate::chunked::RandomAccess::sequence`] one for a part.

pub use crate::chunked::sequence::{ChunkNonce, ChunkSequence};
