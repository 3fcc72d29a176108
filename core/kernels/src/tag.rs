//! Tags are compared in constant time, and what is not authentic is wiped.

use subtle::ConstantTimeEq as _;

use crate::{Error, Tag};

/// Is `computed` the tag that came with the message? If not, nothing of `plaintext` is left.
pub(crate) fn verify(computed: &Tag, given: &Tag, plaintext: &mut [u8]) -> Result<(), Error> {
    if computed.ct_eq(given).into() {
        return Ok(());
    }
    plaintext.fill(0);
    Err(Error::Unauthentic)
}
