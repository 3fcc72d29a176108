//! What is asked of every key in a service.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use fortress::Context;
use fortress::envelope::{self, EnvelopeError, Identity, Options, ReadLimits, Recipient};
use fortress::external::ExternalKey;
use fortress_hsm::cloud::{CloudError, Patience, Wait};

pub const FILE_KEY: [u8; 32] = [7; 32];
pub const ASSOCIATED: [u8; 32] = [9; 32];

type Unwrapped = Result<zeroize::Zeroizing<Vec<u8>>, CloudError>;

/// What was changed, cut, or comes from another header is not authentic.
pub fn only_what_it_wrapped(unwrap: &dyn Fn(&[u8], &[u8; 32]) -> Unwrapped, wrapped: &[u8], places: &[usize]) {
    let refused = |wrapped: &[u8], associated: &[u8; 32]| {
        let error = unwrap(wrapped, associated).unwrap_err();
        assert_eq!(error.code(), "authentication_failed", "{}: {error}", String::from_utf8_lossy(wrapped));
    };
    refused(wrapped, &[8; 32]);
    for &place in places {
        let mut changed = wrapped.to_vec();
        changed[place] = if changed[place] == b'B' { b'C' } else { b'B' };
        refused(&changed, &ASSOCIATED);
    }
    for len in [0, 1, 6, 10, wrapped.len() - 4] {
        refused(&wrapped[..len], &ASSOCIATED);
    }
}

/// An envelope for a key opens with it and with no other.
pub fn envelopes(key: &dyn ExternalKey, other: &dyn ExternalKey) {
    let context = Context::new([("row", "1")]).unwrap();
    let sealed = sealed_for(key, &context);
    let open = |key| envelope::open(&sealed, &[Identity::External(key)], &context, &ReadLimits::default());
    open(key).unwrap();
    assert!(matches!(open(other), Err(EnvelopeError::WrongRecipient { .. })));
}

/// An envelope for a key.
pub fn sealed_for(key: &dyn ExternalKey, context: &Context) -> Vec<u8> {
    let options = Options { context: context.clone(), ..Options::default() };
    let new = envelope::create(&[Recipient::External(key)], &options, &mut getrandom::SysRng).unwrap();
    let (mut sealed, stream) = new.into_stream();
    stream.finish(b"for the service", &mut sealed).unwrap();
    sealed
}

/// Three tries, without a pause.
pub fn at_once() -> Patience {
    Patience { wait: Wait::by(|_| ()), ..Patience::default() }
}

/// A new RSA key, in PKCS #8.
pub fn rsa_key() -> Vec<u8> {
    let der: Pkcs8V1Der<'_> = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    der.as_ref().to_vec()
}
