//! What a grant takes from a keyring, and what comes out of it.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{Granted, KeyLookupError, Keyring, sealed};
use crate::cbor::{self, NotCanonical};

impl Keyring {
    /// The payload of a sealed keyring (spec S-1), for whoever may hand the keys on.
    pub(crate) fn to_payload(&self) -> Result<Zeroizing<Vec<u8>>, KeyLookupError> {
        self.require_own()?;
        Ok(Zeroizing::new(sealed::encode(self)))
    }

    /// A second holder of the same keys, for whatever this one may do.
    pub(crate) fn duplicate(&self) -> Keyring {
        let Keyring { profile, ref path, ref versions, primary, granted } = *self;
        let versions = versions.iter().map(super::Version::duplicate).collect();
        Keyring { profile, path: path.clone(), versions, primary, granted }
    }

    /// The keyring of such a payload, for what a grant allows.
    pub(crate) fn from_payload(payload: &[u8], granted: Granted) -> Result<Keyring, NotCanonical> {
        let keyring = cbor::read_canonical(payload, sealed::decode, sealed::encode)?;
        Ok(Keyring { granted: Some(granted), ..keyring })
    }
}
