//! Envelopes, by one call, by streams and by ranges.

use fortress::{
    Context, Passphrase,
    envelope::{self, EnvelopeError, Identity, ReadLimits},
    external::{ExternalKey, ExternalKeyError},
    identity::SecretIdentity,
    shares::{Share, Shares},
};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{
    Strings,
    keyrings::{Keyrings, Place},
    run,
};

#[test]
fn envelopes() {
    let keyrings = Keyrings::new();
    for file in [
        "envelopes.json",
        "python/envelopes.json",
        "shared-envelopes.json",
        "scope-envelopes.json",
        "external-envelopes.json",
    ] {
        let read = |case: &EnvelopeCase| case.read(&keyrings);
        run(file, read, |case: &EnvelopeCase, (plaintext, metadata)| {
            assert_eq!(Some(plaintext.len()), case.plaintext_length);
            assert!(plaintext.iter().enumerate().all(|(i, &byte)| byte == (i % 251) as u8));
            assert_eq!(Some(metadata), case.metadata);
        });
    }
}

#[derive(Deserialize)]
struct EnvelopeCase {
    #[serde(with = "hex")]
    envelope: Vec<u8>,
    context: Strings,
    keyring: Option<String>,
    #[serde(default)]
    scope: Vec<String>,
    passphrase: Option<String>,
    identity: Option<String>,
    shares: Option<Vec<String>>,
    #[serde(flatten)]
    external: Option<TableKey>,
    plaintext_length: Option<usize>,
    metadata: Option<Strings>,
}

impl EnvelopeCase {
    /// By one call, and by a stream and by ranges, which agree with it.
    fn read(&self, keyrings: &Keyrings) -> Result<(Vec<u8>, Strings), &'static str> {
        if let Some(passphrase) = &self.passphrase {
            let passphrase = Passphrase::new(passphrase).unwrap();
            return self.read_by((&passphrase).into());
        }
        if let Some(identity) = &self.identity {
            return self.read_by((&SecretIdentity::from_text(identity).unwrap()).into());
        }
        if let Some(key) = &self.external {
            return self.read_by(Identity::External(key));
        }
        if let Some(shares) = &self.shares {
            let shares = Shares::new(shares.iter().map(|text| Share::from_text(text).unwrap())).unwrap();
            return self.read_by((&shares).into());
        }
        let (keyring, scope) = (self.keyring.clone().unwrap(), self.scope.clone());
        let place = Place { keyring, scope, context: Strings::new() };
        keyrings.at(&place, |keyring| self.read_by(keyring.into()))
    }

    fn read_by(&self, identity: Identity<'_>) -> Result<(Vec<u8>, Strings), &'static str> {
        let (context, limits) = (Context::new(&self.context).unwrap(), ReadLimits::default());
        let whole = envelope::decrypt(&self.envelope, &[identity], &context, &limits);
        let streamed = self.stream(identity, &context);
        let ranged = self.ranges(identity, &context);
        assert_eq!(whole.as_ref().ok(), streamed.as_ref().ok());
        assert_eq!(whole.as_ref().ok(), ranged.as_ref().ok());
        let plaintext = whole.map_err(|error| error.code())?;
        let opened = envelope::open(&self.envelope, &[identity], &context, &limits).unwrap();
        let metadata = opened.header().metadata().iter().map(|(key, value)| (key.into(), value.into()));
        Ok((plaintext, metadata.collect()))
    }

    fn stream(&self, identity: Identity<'_>, context: &Context) -> Result<Vec<u8>, EnvelopeError> {
        let opened = envelope::open(&self.envelope, &[identity], context, &ReadLimits::default())?;
        let chunks = &self.envelope[opened.prefix_len()..];
        let mut stream = opened.into_stream();
        let mut plaintext = Vec::new();
        for piece in chunks.chunks(9_999) {
            stream.update(piece, &mut plaintext)?;
        }
        stream.finish(&mut plaintext)?;
        Ok(plaintext)
    }

    fn ranges(&self, identity: Identity<'_>, context: &Context) -> Result<Vec<u8>, EnvelopeError> {
        let opened = envelope::open(&self.envelope, &[identity], context, &ReadLimits::default())?;
        let message = &self.envelope[opened.message_start()..];
        let access = opened.into_random_access(self.envelope.len() as u64)?;
        let bytes = |range: std::ops::Range<u64>| &message[range.start as usize..range.end as usize];
        access.authenticate_length(bytes(access.last_chunk()))?;
        let (mut plaintext, len) = (Vec::new(), access.plaintext_len());
        for start in (0..len).step_by(10_000) {
            let range = start..len.min(start + 10_000);
            access.decrypt(&range, bytes(access.locate(&range)?), &mut plaintext)?;
        }
        Ok(plaintext)
    }
}

/// An external key that knows one answer.
#[derive(Deserialize, Debug)]
struct TableKey {
    reference: String,
    #[serde(with = "hex")]
    wrapped: Vec<u8>,
    #[serde(with = "hex")]
    associated: Vec<u8>,
    #[serde(with = "hex")]
    file_key: Vec<u8>,
}

impl ExternalKey for TableKey {
    fn reference(&self) -> &str {
        &self.reference
    }

    fn wrap(&self, _: &[u8; 32], _: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        Ok(self.wrapped.clone())
    }

    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        if (wrapped, &associated[..]) == (&self.wrapped[..], &self.associated[..]) {
            return Ok(Zeroizing::new(self.file_key.clone()));
        }
        Err(ExternalKeyError::NotAuthentic { reference: self.reference.clone() })
    }
}
