//! Contexts: what a ciphertext is bound to (spec C-1 to C-3).

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::cbor;

/// Entries of a context, at most.
pub const MAX_CONTEXT_ENTRIES: usize = 256;
/// Bytes of a context's canonical form, at most.
pub const MAX_CONTEXT_LEN: usize = 16_384;

/// A map of strings to strings, given at encryption and again, equal, at decryption. It is authenticated and never
/// stored; the order in which entries are given does not matter.
///
/// ```
/// use fortress::Context;
/// let a = Context::new([("table", "users"), ("row", "42")])?;
/// let b = Context::new([("row", "42"), ("table", "users")])?;
/// assert_eq!(a, b);
/// # Ok::<(), fortress::ContextError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    canonical: Vec<u8>,
}

impl Context {
    /// The context of these entries.
    pub fn new<K, V>(entries: impl IntoIterator<Item = (K, V)>) -> Result<Context, ContextError>
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let mut given = entries.into_iter();
        let mut entries: Vec<(K, V)> = Vec::new();
        // Each is put in its place: so few need no sorting algorithm, and those of the standard library weigh 10 KB in WebAssembly.
        while let Some((key, value)) = given.next() {
            if entries.len() == MAX_CONTEXT_ENTRIES {
                return Err(ContextError::TooManyEntries { got: MAX_CONTEXT_ENTRIES + 1 + given.count() });
            }
            match entries.binary_search_by(|(other, _)| order(other.as_ref(), key.as_ref())) {
                Ok(_) => return Err(ContextError::RepeatedKey),
                Err(place) => entries.insert(place, (key, value)),
            }
        }
        let size = entries.iter().map(|(k, v)| k.as_ref().len() + v.as_ref().len() + 2).sum::<usize>() + 1;
        if size > MAX_CONTEXT_LEN {
            return Err(ContextError::TooLong { got: size });
        }
        let mut canonical = Vec::with_capacity(size + 16);
        cbor::put_map(&mut canonical, entries.len());
        for (key, value) in &entries {
            cbor::put_text(&mut canonical, key.as_ref());
            cbor::put_text(&mut canonical, value.as_ref());
        }
        if canonical.len() > MAX_CONTEXT_LEN {
            return Err(ContextError::TooLong { got: canonical.len() });
        }
        Ok(Context { canonical })
    }

    /// The context without entries.
    pub fn empty() -> Context {
        Context { canonical: alloc::vec![0xA0] }
    }

    /// The member context of a row's field (spec G-6): the one entry `"field"` to its name.
    pub fn of_field(name: &str) -> Result<Context, ContextError> {
        let mut context = Context::empty();
        context.become_field(name)?;
        Ok(context)
    }

    /// As [`Context::of_field`], in the memory of this one: getting some for every field of a row would take a good part of its time.
    pub(crate) fn become_field(&mut self, name: &str) -> Result<(), ContextError> {
        // The heads of a map of one entry, its key and its value, which has three bytes at most.
        let size = name.len() + FIELD.len() + 3;
        if size > MAX_CONTEXT_LEN {
            return Err(ContextError::TooLong { got: size });
        }
        self.canonical.clear();
        cbor::put_map(&mut self.canonical, 1);
        cbor::put_text(&mut self.canonical, FIELD);
        cbor::put_text(&mut self.canonical, name);
        match self.canonical.len() {
            ..=MAX_CONTEXT_LEN => Ok(()),
            got => Err(ContextError::TooLong { got }),
        }
    }

    /// The deterministic CBOR map, by which the context enters key derivations and associated data (spec C-2).
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }
}

/// The deterministic order (spec N-3) of text keys: by length, then by bytes.
pub(crate) fn order(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

impl Default for Context {
    fn default() -> Context {
        Context::empty()
    }
}

/// The key of a row's field in its context (spec G-6).
const FIELD: &str = "field";

/// A context that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// More than [`MAX_CONTEXT_ENTRIES`].
    #[error("a context has at most {most} entries, this one has {got}", most = MAX_CONTEXT_ENTRIES)]
    TooManyEntries {
        /// How many there were.
        got: usize,
    },
    /// More than [`MAX_CONTEXT_LEN`].
    #[error(
        "a context takes at most {most} bytes, this one takes {got} or more; put long values into the data",
        most = MAX_CONTEXT_LEN
    )]
    TooLong {
        /// Bytes of its canonical form, or a lower bound.
        got: usize,
    },
    /// The same key twice.
    #[error("a context has each key once, this one repeats a key")]
    RepeatedKey,
}

impl ContextError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        "invalid_context"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorter_keys_come_first() {
        let context = Context::new([("aa", "1"), ("b", "2")]).unwrap();
        assert_eq!(context.canonical(), b"\xa2\x61b\x612\x62aa\x611");
    }

    #[test]
    fn limits() {
        assert_eq!(Context::new([("a", ""), ("a", "")]), Err(ContextError::RepeatedKey));
        let many = (0..257).map(|i| (alloc::format!("{i}"), ""));
        assert_eq!(Context::new(many), Err(ContextError::TooManyEntries { got: 257 }));
        let long = "x".repeat(MAX_CONTEXT_LEN);
        assert!(matches!(Context::new([("a", long.as_str())]), Err(ContextError::TooLong { .. })));
        // "field" and the heads take 10 bytes, of which 3 are the value's own.
        for (len, fits) in [(MAX_CONTEXT_LEN - 10, true), (MAX_CONTEXT_LEN - 9, false), (MAX_CONTEXT_LEN, false)] {
            let name = "x".repeat(len);
            assert_eq!(Context::of_field(&name), Context::new([("field", name.as_str())]));
            assert_eq!(Context::of_field(&name).is_ok(), fits);
        }
        let fits = "x".repeat(MAX_CONTEXT_LEN - 6);
        assert_eq!(Context::new([("a", fits.as_str())]).unwrap().canonical().len(), MAX_CONTEXT_LEN);
    }
}
