//! What can go wrong with a service, and what to do about it.

use fortress::external::ExternalKeyError;

/// Why a service did not do what it was asked for. No variant holds a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloudError {
    /// A text that names no key.
    #[error("{text:?} names no key of a service: {expected}")]
    Uri {
        /// The text, its start.
        text: String,
        /// What it should look like.
        expected: &'static str,
    },
    /// Address, region or credentials are not there.
    #[error("{missing} is missing: {advice}")]
    Missing {
        /// What.
        missing: &'static str,
        /// Where it is looked for.
        advice: &'static str,
    },
    /// Credentials that are there and cannot be used.
    #[error("{what} cannot be used to call the service: {reason}")]
    Credentials {
        /// A file, or what they are.
        what: String,
        /// Why.
        reason: &'static str,
    },
    /// An address to which file keys would go in the clear.
    #[error("{address:?} is not used: give an address that starts with https://, or http:// on this machine")]
    Address {
        /// What was given.
        address: String,
    },
    /// No answer, or none but that it cannot answer now.
    #[error("{service} cannot be reached: {reason}; {tries} tries were made, try again later")]
    Unreachable {
        /// Its host.
        service: String,
        /// What the last try found.
        reason: String,
        /// How many.
        tries: u32,
    },
    /// Somebody answers there, with a certificate that is not believed. Nothing was sent.
    #[error("{service} is not trusted: {reason}; check the address, and which authorities this system trusts")]
    Untrusted {
        /// Its host.
        service: String,
        /// What is wrong with the certificate.
        reason: String,
    },
    /// It answered, and does not do it.
    #[error("{service} refuses ({status}): {reason}; check the key's name, and what the credentials are allowed")]
    Refused {
        /// Its host.
        service: String,
        /// The status of HTTP.
        status: u16,
        /// What it says.
        reason: String,
    },
    /// It answered something else than its documentation says.
    #[error("{service} answered what is not understood: {what}; check that the address is that of the service")]
    Answer {
        /// Its host.
        service: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The key is there, and is not one to wrap file keys by.
    #[error("the key {key:?} cannot be used: {reason}")]
    Unsuitable {
        /// Its reference.
        key: String,
        /// Why.
        reason: &'static str,
    },
    /// What was to be unwrapped is not what the key wrapped.
    #[error("the key {key:?} finds what it wrapped changed, or of another header")]
    NotAuthentic {
        /// Its reference.
        key: String,
    },
}

impl CloudError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            CloudError::Uri { .. } => "invalid_external_key",
            CloudError::Missing { .. } | CloudError::Credentials { .. } => "no_credentials",
            CloudError::Address { .. } => "invalid_address",
            CloudError::Unreachable { .. } | CloudError::Untrusted { .. } => "key_unavailable",
            CloudError::Refused { .. } => "key_refused",
            CloudError::Answer { .. } => "unexpected_answer",
            CloudError::Unsuitable { .. } => "external_key_unsuitable",
            CloudError::NotAuthentic { .. } => "authentication_failed",
        }
    }

    /// As the core has it, for the key of this reference.
    pub(crate) fn for_core(self, reference: &str) -> ExternalKeyError {
        let reference = reference.to_owned();
        match &self {
            CloudError::NotAuthentic { .. } => ExternalKeyError::NotAuthentic { reference },
            CloudError::Unreachable { .. } | CloudError::Untrusted { .. } | CloudError::Answer { .. } => {
                ExternalKeyError::Unavailable { reference, reason: self.to_string() }
            }
            CloudError::Uri { .. }
            | CloudError::Missing { .. }
            | CloudError::Credentials { .. }
            | CloudError::Unsuitable { .. }
            | CloudError::Address { .. }
            | CloudError::Refused { .. } => ExternalKeyError::Refused { reference, reason: self.to_string() },
        }
    }
}
