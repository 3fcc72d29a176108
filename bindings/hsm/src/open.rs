//! Any key, by its URI.

use fortress::external::ExternalKey;

use crate::cloud::{AwsKmsKey, AzureKey, CloudError, GcpKmsKey, Patience, TransitKey};
use crate::data_keys::{DataKeyLimits, DataKeys};
use crate::pkcs11::{Access, Pkcs11Error, Pkcs11Key, Pkcs11Uri};

/// A key that [`open`] opened. It can be shared between threads.
pub type Key = Box<dyn ExternalKey + Send + Sync>;

/// With what a URI starts that [`open`] takes, before its colon.
pub const SCHEMES: [&str; 5] = ["pkcs11", "vault", "awskms", "gcpkms", "azurekv"];

/// The one of [`SCHEMES`] that a text starts with, in whatever case.
pub fn scheme(text: &str) -> Option<&'static str> {
    let (start, _) = text.split_once(':')?;
    SCHEMES.into_iter().find(|known| start.eq_ignore_ascii_case(known))
}

/// Opens the key that a URI names, whatever kind it is of:
///
/// | URI | key | credentials and address |
/// |---|---|---|
/// | `pkcs11:token=…;object=…` (RFC 7512) | in a PKCS #11 token | `access`, and what the URI says |
/// | `vault:MOUNT/KEY` | in the Transit engine of Vault or OpenBao | [`TransitKey::from_env`] |
/// | `awskms:` and an ARN, a key id or `alias/NAME` | in AWS KMS | [`AwsKmsKey::from_env`] |
/// | `gcpkms:projects/…/cryptoKeys/…` | in Google Cloud KMS | [`GcpKmsKey::from_env`] |
/// | `azurekv:https://NAME.vault.azure.net/keys/KEY` | in Azure Key Vault or Managed HSM | [`AzureKey::from_env`] |
///
/// A token is logged in to at once. A service is asked nothing yet: that its address or credentials are wrong is found out when the key wraps or unwraps.
/// The URI comes from whoever opens, and never from a header.
///
/// What it gives wraps each file key by a call of its own, and opens envelopes of [data keys](DataKeys) as well, for which it keeps a few of those for a few
/// minutes. Where many envelopes are written, put it into [`DataKeys::new`].
pub fn open(uri: &str, access: &Access, patience: Patience) -> Result<Key, OpenError> {
    let key: Key = match scheme(uri) {
        Some("pkcs11") => Box::new(Pkcs11Key::open(&uri.parse::<Pkcs11Uri>().map_err(Pkcs11Error::from)?, access)?),
        Some("vault") => Box::new(TransitKey::from_env(uri, patience)?),
        Some("awskms") => Box::new(AwsKmsKey::from_env(uri, patience)?),
        Some("gcpkms") => Box::new(GcpKmsKey::from_env(uri, patience)?),
        Some("azurekv") => Box::new(AzureKey::from_env(uri, patience)?),
        _ => return Err(OpenError::Scheme),
    };
    Ok(Box::new(DataKeys::reading(key, DataKeyLimits::default())))
}

/// Why a key was not opened. No variant holds a PIN or a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Not the URI of a key.
    #[error("a key's URI starts with {}", listed())]
    Scheme,
    /// Of a key in a token.
    #[error(transparent)]
    Pkcs11(#[from] Pkcs11Error),
    /// Of a key in a service.
    #[error(transparent)]
    Cloud(#[from] CloudError),
}

impl OpenError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            OpenError::Scheme => "invalid_external_key",
            OpenError::Pkcs11(error) => error.code(),
            OpenError::Cloud(error) => error.code(),
        }
    }
}

/// `a:, b: or c:`
fn listed() -> String {
    let [first @ .., last] = SCHEMES;
    format!("{}: or {last}:", first.join(":, "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_told() {
        let open = |uri: &str| open(uri, &Access::new(), Patience::default()).unwrap_err();
        assert_eq!(open("hsm:token=vault?pin-value=sesame"), OpenError::Scheme);
        assert_eq!(
            OpenError::Scheme.to_string(),
            "a key's URI starts with pkcs11:, vault:, awskms:, gcpkms: or azurekv:"
        );
        for uri in [
            "pkcs11:token=a;token=a?pin-value=sesame",
            "vault:kek?pin-value=sesame",
            "AwsKms:a b?sesame",
            "gcpkms:a?sesame",
            "azurekv:b?sesame",
        ] {
            let error = open(uri);
            assert!(!error.to_string().contains("sesame") && !format!("{error:?}").contains("sesame"), "{error:?}");
            assert_eq!(scheme(uri).map(|scheme| uri[..scheme.len()].eq_ignore_ascii_case(scheme)), Some(true));
        }
        assert_eq!(scheme("/tmp/vault"), None);
        fn shared<K: Send + Sync>() {}
        shared::<Key>();
    }
}
