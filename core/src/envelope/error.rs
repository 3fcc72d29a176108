//! Errors of envelopes.

#[cfg(feature = "statements")]
use alloc::boxed::Box;
use alloc::string::String;

#[cfg(feature = "statements")]
use crate::grant::GrantError;
use crate::{
    chunked::ChunkedError,
    envelope::MAX_HEADER_LEN,
    external::ExternalKeyError,
    identity::IdentityError,
    keyring::KeyId,
    passphrase::PassphraseError,
    secret::RandomnessError,
    shares::{ShareError, ShareSetId},
    suite::SuiteError,
    token::TokenError,
};

/// Why an envelope could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Other data.
    #[error("not a Fortress envelope: it does not start with \"FTRS\"; check that it is the file you meant")]
    NotFortress,
    /// A version that this one does not read.
    #[error("the envelope has version {0}, expected 1; a newer version of Fortress may read it")]
    UnknownVersion(u8),
    /// A suite that cannot be used here.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// Ends before its message does.
    #[error("the envelope is cut off: its end is missing; get the whole of it again")]
    Truncated,
    /// A header that is too long.
    #[error("the envelope's header has {got} bytes, more than the {most} allowed", most = MAX_HEADER_LEN)]
    HeaderTooLarge {
        /// Its bytes.
        got: u64,
    },
    /// Recipients, or metadata, that a header has no room for.
    #[error(
        "the envelope's header would have {got} bytes, more than the {most} allowed, {by_recipients} of them for its {recipients} recipients; \
         give it fewer (about {fit} like these fit), or less metadata",
        most = MAX_HEADER_LEN
    )]
    NoRoomInHeader {
        /// Its bytes.
        got: usize,
        /// Those of its recipients.
        by_recipients: usize,
        /// How many recipients there are.
        recipients: usize,
        /// How many of their size would fit.
        fit: usize,
    },
    /// A header, or a keyring's payload, that is not as the specification says.
    #[error(
        "the envelope is malformed: its header or keyring is not the deterministic CBOR of its layout; get it again from where it was written"
    )]
    NonCanonical,
    /// Nobody to encrypt for.
    #[error("an envelope needs at least one recipient: a keyring, a passphrase or an identity")]
    NoRecipient,
    /// Too many to encrypt for, or in a header.
    #[error(
        "an envelope has at most 1024 recipients, of them at most 8 passphrases; this one has {recipients}, of them {passphrases} passphrases"
    )]
    TooManyRecipients {
        /// All recipients.
        recipients: usize,
        /// Passphrases among them.
        passphrases: usize,
    },
    /// A place in the list of recipients where there is none.
    #[error("there is no recipient at place {place}: the envelope has {recipients}, counted from 0")]
    NoSuchRecipient {
        /// What the caller named.
        place: usize,
        /// How many there are.
        recipients: usize,
    },
    /// None of the recipients is of a kind and key that the caller has.
    #[error("nothing given opens this envelope: it is for {kinds}; bring {bring}")]
    WrongRecipient {
        /// The kinds of its recipients.
        kinds: String,
        /// What would open it.
        bring: String,
    },
    /// Shares of the right set, and too few of them.
    #[error("it takes {needed} shares of set {set} to open this envelope, and {got} were given")]
    NotEnoughShares {
        /// The set.
        set: ShareSetId,
        /// How many it takes.
        needed: u8,
        /// How many different ones there were.
        got: usize,
    },
    /// Shares of the right set, enough of them, and none of the ways to put them together that were tried opens (spec Q-5).
    #[error(
        "the {got} shares of set {set} do not open this envelope: one of them is wrong, or the envelope was changed; bring other shares, \
         beside these or in their place: of more than {needed} a wrong one is passed over"
    )]
    WrongShares {
        /// The set.
        set: ShareSetId,
        /// How many it takes.
        needed: u8,
        /// How many different ones there were.
        got: usize,
    },
    /// The passphrase opens none of the passphrase recipients.
    #[error("the passphrase is wrong; try again, and mind the layout of the keyboard")]
    WrongPassphrase,
    /// A recipient's key was destroyed.
    #[error("the envelope is encrypted for key {0}, which was destroyed; it cannot be opened by this keyring")]
    KeyDestroyed(KeyId),
    /// The keyring comes from a grant that does not allow this.
    #[error("this keyring was granted for less: its grant does not allow that, nor to hand its keys on")]
    NotGranted,
    /// Key, scope, context or bytes are not those of the envelope.
    #[error(
        "the data is not authentic: it was changed or cut, or the key, scope or context is not the one it was encrypted with"
    )]
    AuthenticationFailed,
    /// A keyring where data is expected, or the reverse.
    #[error("the envelope holds {got}, expected {expected}; open it as what it is")]
    WrongContent {
        /// What the caller asked for.
        expected: String,
        /// What the header says.
        got: String,
    },
    /// A passphrase, or its parameters, cannot be used.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// The message could not be written or read.
    #[error(transparent)]
    Message(ChunkedError),
    /// An external key did not wrap or unwrap.
    #[error(transparent)]
    ExternalKey(ExternalKeyError),
    /// An identity cannot be used.
    #[error(transparent)]
    Identity(IdentityError),
    /// Shares cannot be used.
    #[error(transparent)]
    Shares(ShareError),
    /// A grant among the identities cannot be used now, and nothing else opened the envelope.
    #[cfg(feature = "statements")]
    #[error(transparent)]
    Grant(Box<GrantError>),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl EnvelopeError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            EnvelopeError::NotFortress => "not_fortress",
            EnvelopeError::UnknownVersion(_) => "unknown_version",
            EnvelopeError::Suite(error) => error.code(),
            EnvelopeError::Truncated => "truncated",
            EnvelopeError::HeaderTooLarge { .. } | EnvelopeError::NoRoomInHeader { .. } => "header_too_large",
            EnvelopeError::NonCanonical => "non_canonical",
            EnvelopeError::NoRecipient => "no_recipient",
            EnvelopeError::TooManyRecipients { .. } => "too_many_recipients",
            EnvelopeError::NoSuchRecipient { .. } => "no_such_recipient",
            EnvelopeError::WrongRecipient { .. } => "wrong_recipient",
            EnvelopeError::NotEnoughShares { .. } => "not_enough_shares",
            EnvelopeError::WrongPassphrase => "wrong_passphrase",
            EnvelopeError::KeyDestroyed(_) => "key_destroyed",
            EnvelopeError::NotGranted => "action_not_granted",
            EnvelopeError::AuthenticationFailed | EnvelopeError::WrongShares { .. } => "authentication_failed",
            EnvelopeError::WrongContent { .. } => "wrong_content",
            EnvelopeError::Passphrase(error) => error.code(),
            EnvelopeError::Message(error) => error.code(),
            EnvelopeError::ExternalKey(error) => error.code(),
            EnvelopeError::Identity(error) => error.code(),
            EnvelopeError::Shares(error) => error.code(),
            #[cfg(feature = "statements")]
            EnvelopeError::Grant(error) => error.code(),
            EnvelopeError::Randomness(_) => "randomness",
        }
    }

    /// Keeps, of two reasons why no recipient opened the envelope, the one that tells more (spec L-5).
    pub(crate) fn keep_weightier(&mut self, other: EnvelopeError) {
        if other.weight() > self.weight() {
            *self = other;
        }
    }

    fn weight(&self) -> u8 {
        match self {
            EnvelopeError::WrongRecipient { .. } => 0,
            EnvelopeError::WrongPassphrase => 1,
            EnvelopeError::NotEnoughShares { .. } => 2,
            #[cfg(feature = "statements")]
            EnvelopeError::Grant(_) => 3,
            EnvelopeError::KeyDestroyed(_) => 4,
            EnvelopeError::NotFortress
            | EnvelopeError::UnknownVersion(_)
            | EnvelopeError::Suite(_)
            | EnvelopeError::Truncated
            | EnvelopeError::HeaderTooLarge { .. }
            | EnvelopeError::NoRoomInHeader { .. }
            | EnvelopeError::NonCanonical
            | EnvelopeError::NoRecipient
            | EnvelopeError::TooManyRecipients { .. }
            | EnvelopeError::NoSuchRecipient { .. }
            | EnvelopeError::NotGranted
            | EnvelopeError::AuthenticationFailed
            | EnvelopeError::WrongShares { .. }
            | EnvelopeError::WrongContent { .. }
            | EnvelopeError::Passphrase(_)
            | EnvelopeError::Message(_)
            | EnvelopeError::ExternalKey(_)
            | EnvelopeError::Identity(_)
            | EnvelopeError::Shares(_)
            | EnvelopeError::Randomness(_) => 5,
        }
    }
}

#[cfg(feature = "statements")]
impl From<GrantError> for EnvelopeError {
    fn from(error: GrantError) -> EnvelopeError {
        match error {
            GrantError::Envelope(error) => error,
            other => EnvelopeError::Grant(Box::new(other)),
        }
    }
}

impl From<IdentityError> for EnvelopeError {
    fn from(error: IdentityError) -> EnvelopeError {
        match error {
            IdentityError::Randomness(error) => EnvelopeError::Randomness(error),
            IdentityError::NotGranted => EnvelopeError::NotGranted,
            other => EnvelopeError::Identity(other),
        }
    }
}

impl From<ShareError> for EnvelopeError {
    fn from(error: ShareError) -> EnvelopeError {
        match error {
            ShareError::Randomness(error) => EnvelopeError::Randomness(error),
            other => EnvelopeError::Shares(other),
        }
    }
}

impl From<ChunkedError> for EnvelopeError {
    fn from(error: ChunkedError) -> EnvelopeError {
        match error {
            ChunkedError::AuthenticationFailed => EnvelopeError::AuthenticationFailed,
            ChunkedError::Truncated => EnvelopeError::Truncated,
            ChunkedError::Randomness(error) => EnvelopeError::Randomness(error),
            other => EnvelopeError::Message(other),
        }
    }
}

/// Errors of a wrapped file key, which is a token of known length.
impl From<TokenError> for EnvelopeError {
    fn from(error: TokenError) -> EnvelopeError {
        match error {
            TokenError::AuthenticationFailed => EnvelopeError::AuthenticationFailed,
            TokenError::KeyDestroyed(id) => EnvelopeError::KeyDestroyed(id),
            TokenError::NotGranted => EnvelopeError::NotGranted,
            TokenError::Suite(error) => EnvelopeError::Suite(error),
            TokenError::Randomness(error) => EnvelopeError::Randomness(error),
            TokenError::OutOfMemory => EnvelopeError::Message(ChunkedError::OutOfMemory),
            TokenError::UnknownKey(_) => {
                EnvelopeError::WrongRecipient { kinds: "keyring".into(), bring: "a keyring that holds its key".into() }
            }
            TokenError::Truncated { .. }
            | TokenError::UnknownVersion(_)
            | TokenError::ValueTooLarge { .. }
            | TokenError::WrongLength { .. }
            | TokenError::InvalidText
            | TokenError::WrongGroup
            | TokenError::GroupFull
            | TokenError::IndexTooLarge(_)
            | TokenError::Context(_) => EnvelopeError::NonCanonical,
        }
    }
}
