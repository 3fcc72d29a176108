//! The identity of a keyring's scope: by it anyone encrypts for those who hold the keyring there, and reads nothing back (spec I-5).

use core::{fmt, str::FromStr};

use zeroize::Zeroizing;

use super::{IdentityError, PUBLIC_KEY_LEN, PublicIdentity, text::Form};
use crate::keyring::{KeyId, Keyring};

/// The public identity of a keyring's version, at the scope that the keyring is narrowed to. Anyone may know it; its text starts with
/// `fortress-scope-1`.
///
/// A web form that has it encrypts what it collects, and cannot read even that. Envelopes made with it open by the keyring.
///
/// ```
/// use fortress::{Context, Keyring, Profile, Timestamp, envelope, identity::ScopeIdentity};
/// # let mut rng = getrandom::SysRng;
/// let keyring = Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut rng)?;
/// let answers = keyring.scope(["acme", "answers"])?;
/// let text = answers.scope_identity()?.to_string();
///
/// let form: ScopeIdentity = text.parse()?;
/// let sealed = envelope::encrypt(b"yes", &[(&form).into()], &Default::default(), &mut rng)?;
/// assert_eq!(envelope::decrypt(&sealed, &[(&answers).into()], &Context::empty(), &Default::default())?, b"yes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ScopeIdentity {
    key_id: KeyId,
    public: PublicIdentity,
}

impl ScopeIdentity {
    /// The identity of a version's id and its X-Wing public key, together 1,220 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<ScopeIdentity, IdentityError> {
        let (key_id, public) = bytes.split_first_chunk().ok_or(IdentityError::InvalidKey)?;
        Ok(ScopeIdentity { key_id: KeyId(*key_id), public: PublicIdentity::from_bytes(public)? })
    }

    /// The version's id, then the public key.
    pub fn to_bytes(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        let (key_id, public) = bytes.split_at_mut(self.key_id.0.len());
        key_id.copy_from_slice(&self.key_id.0);
        public.copy_from_slice(&self.public.to_bytes());
        bytes
    }

    /// The version of the keyring that decrypts.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    pub(crate) fn public(&self) -> &PublicIdentity {
        &self.public
    }
}

/// Its text, of 1,974 characters.
impl fmt::Display for ScopeIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&FORM.encode(&self.to_bytes()))
    }
}

impl fmt::Debug for ScopeIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeIdentity({})", self.key_id)
    }
}

impl FromStr for ScopeIdentity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<ScopeIdentity, IdentityError> {
        let bytes: Zeroizing<[u8; LEN]> = FORM.decode(text).ok_or(IdentityError::InvalidScope)?;
        ScopeIdentity::from_bytes(&*bytes)
    }
}

impl Keyring {
    /// The identity of this keyring's scope, for those who shall encrypt and not decrypt. It is that of the primary version: after a rotation
    /// give out the new one; what comes by the old one still opens.
    pub fn scope_identity(&self) -> Result<ScopeIdentity, IdentityError> {
        self.require_encrypting().map_err(|_| IdentityError::NotGranted)?;
        let secret = self.secret_identity(self.primary()).map_err(|_| IdentityError::InvalidKey)?;
        Ok(ScopeIdentity { key_id: self.primary(), public: secret.public().clone() })
    }
}

const LEN: usize = 4 + PUBLIC_KEY_LEN;
pub(super) const FORM: Form = Form::public("fortress-scope-");
