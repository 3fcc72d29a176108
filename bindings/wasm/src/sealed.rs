//! Sealed keyrings.

use fortress::{
    Keyring,
    envelope::{Header, Metadata, ReadLimits},
    inspect,
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{frame, keyring::KeyringHandle, parties::Parties, random::Pool};

#[wasm_bindgen]
impl KeyringHandle {
    /// Opens a sealed keyring. Frame: its bytes.
    pub fn open(identities: &Parties, len: usize) -> Option<KeyringHandle> {
        frame::make(len, |input, _| {
            let sealed = input.rest();
            let opened =
                identities.identities(|identities| Keyring::open(sealed, identities, &ReadLimits::default()))?;
            // The header's MAC covered it when the keyring opened.
            let header = inspect::envelope(sealed, None)?.header;
            Ok(KeyringHandle::opened(opened, header.as_ref().map(Header::metadata)))
        })
    }

    /// Seals it. Frame: metadata.
    pub fn seal(&self, recipients: &Parties, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let metadata = Metadata::new(input.pairs()?);
            let sealed = recipients
                .recipients(|recipients| self.with(|keyring| keyring.seal(recipients, metadata, &mut Pool)))?;
            out.extend_from_slice(&sealed);
            Ok(())
        })
    }
}
