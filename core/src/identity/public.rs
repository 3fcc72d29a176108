//! Whom anyone can encrypt for, read from the text that they gave out.

use core::str::FromStr;

use super::{IdentityError, PublicIdentity, ScopeIdentity, scope};

/// Someone's identity, or a scope's: what is written where only its text is at hand. Its start tells which (spec I-4, I-5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicRecipient {
    /// Someone's.
    Identity(PublicIdentity),
    /// That of a keyring's scope.
    Scope(ScopeIdentity),
}

impl FromStr for PublicRecipient {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<PublicRecipient, IdentityError> {
        if scope::FORM.starts(text) {
            text.parse().map(PublicRecipient::Scope)
        } else {
            text.parse().map(PublicRecipient::Identity)
        }
    }
}
