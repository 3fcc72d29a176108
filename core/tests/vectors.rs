//! The shared vectors, and those that the independent implementation wrote, by every way there is to read them.
//!
//! `tests/vectors/README.md` says what stands in the files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests are tests")]

use std::{collections::BTreeMap, fs, path::Path};

use fortress::{
    Context, ContextError, Keyring, Passphrase, Timestamp,
    envelope::{self, EnvelopeError, Identity, ReadLimits},
    external::{ExternalKey, ExternalKeyError},
    grant::{self, Grant, SigningKey, SigningKeyError, VerifyingKey},
    identity::{IdentityError, PublicIdentity, ScopeIdentity, SecretIdentity},
    shares::{Share, ShareError, Shares},
    token::{self, TokenError},
};
use serde::{Deserialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// The folder of the shared vectors, and in it that of the independent implementation's.
const FOLDERS: [&str; 2] = ["", "python/"];

type Strings = BTreeMap<String, String>;

#[derive(Deserialize)]
struct File<C> {
    cases: Vec<Case<C>>,
}

#[derive(Deserialize)]
struct Case<C> {
    name: String,
    result: String,
    code: Option<String>,
    #[serde(flatten)]
    content: C,
}

/// Runs all cases of a file: `read` gives what came out, or the code of the error, and `check` looks at what came out.
fn run<C: DeserializeOwned, T>(
    file: &str,
    mut read: impl FnMut(&C) -> Result<T, &'static str>,
    mut check: impl FnMut(&C, T),
) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(file);
    let file: File<C> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert!(!file.cases.is_empty());
    for case in &file.cases {
        println!("{}", case.name);
        match (read(&case.content), case.result.as_str()) {
            (Ok(value), "valid") => check(&case.content, value),
            (Err(code), "invalid") => assert_eq!(Some(code), case.code.as_deref(), "{}", case.name),
            (outcome, expected) => panic!("{}: expected {expected}, got {:?}", case.name, outcome.map(|_| ())),
        }
    }
}

#[derive(Deserialize)]
struct SealedKeyring {
    #[serde(with = "hex")]
    sealed: Vec<u8>,
    passphrase: String,
    #[serde(default)]
    path: Vec<String>,
    profile: Option<String>,
    primary: Option<String>,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Version {
    id: String,
    created: u64,
    state: String,
}

impl SealedKeyring {
    fn open(&self) -> Result<Keyring, EnvelopeError> {
        let passphrase = Passphrase::new(&self.passphrase)?;
        Keyring::open(&self.sealed, &[(&passphrase).into()], &ReadLimits::default())
    }
}

#[test]
fn keyrings() {
    for folder in FOLDERS {
        let read = |case: &SealedKeyring| case.open().map_err(|error| error.code());
        run(&format!("{folder}keyrings.json"), read, |case, keyring| {
            assert_eq!(Some(keyring.profile().name()), case.profile.as_deref());
            assert_eq!(Some(keyring.primary().to_string()), case.primary);
            assert_eq!(keyring.path(), case.path);
            let versions: Vec<Version> = keyring
                .versions()
                .map(|info| Version {
                    id: info.id.to_string(),
                    created: info.created.0,
                    state: info.state.name().into(),
                })
                .collect();
            assert_eq!(versions, case.versions);
        });
    }
}

#[derive(Deserialize)]
struct ContextCase {
    context: Strings,
    canonical: Option<String>,
}

#[test]
fn contexts() {
    let read = |case: &ContextCase| Context::new(&case.context).map_err(ContextError::code);
    run("contexts.json", read, |case, context| {
        assert_eq!(Some(hex::encode(context.canonical())), case.canonical);
    });
}

/// The keyrings that cases name, each opened once.
struct Keyrings(BTreeMap<String, Keyring>);

impl Keyrings {
    fn new() -> Keyrings {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/keyrings.json");
        let file: File<SealedKeyring> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let valid = file.cases.into_iter().filter(|case| case.result == "valid");
        Keyrings(valid.map(|case| (case.name, case.content.open().unwrap())).collect())
    }

    /// Calls `f` with a keyring at a scope, the empty one being the keyring itself.
    fn at<T>(&self, place: &Place, f: impl FnOnce(&Keyring) -> T) -> T {
        let keyring = &self.0[&place.keyring];
        if place.scope.is_empty() { f(keyring) } else { f(&keyring.scope(&place.scope).unwrap()) }
    }
}

#[derive(Deserialize)]
struct Place {
    keyring: String,
    scope: Vec<String>,
    context: Strings,
}

impl Place {
    fn context(&self) -> Context {
        Context::new(&self.context).unwrap()
    }
}

#[derive(Deserialize)]
struct TokenCase {
    #[serde(flatten)]
    place: Place,
    token: String,
    value: Option<String>,
}

#[test]
fn tokens() {
    let keyrings = Keyrings::new();
    for folder in FOLDERS {
        let read = |case: &TokenCase| {
            let bytes = token::decode_text(&case.token).map_err(TokenError::code)?;
            keyrings.at(&case.place, |keyring| {
                let read = keyring.decrypt(&bytes, &case.place.context());
                let context = case.place.context();
                let batch = keyring.decrypt_all([(&bytes[..], &context)]);
                assert_eq!(read.is_ok(), batch.is_ok());
                read.map_err(TokenError::code)
            })
        };
        run(&format!("{folder}tokens.json"), read, |case: &TokenCase, value| {
            assert_eq!(Some(hex::encode(value)), case.value);
        });
    }
}

#[derive(Deserialize)]
struct MemberCase {
    #[serde(flatten)]
    place: Place,
    member_context: Strings,
    member: String,
    header: Option<String>,
    value: Option<String>,
}

#[test]
fn groups() {
    let keyrings = Keyrings::new();
    for folder in FOLDERS {
        let read = |case: &MemberCase| {
            let member = token::decode_text(&case.member).map_err(TokenError::code)?;
            let header = case.header.as_deref().map(token::decode_text).transpose().map_err(TokenError::code)?;
            let member_context = Context::new(&case.member_context).unwrap();
            keyrings.at(&case.place, |keyring| {
                let mut reader = keyring.group_reader(case.place.context());
                let mut value = Vec::new();
                let read = reader.decrypt_into(header.as_deref(), &member, &member_context, &mut value);
                assert!(read.is_ok() || value.is_empty());
                read.map(|()| value).map_err(TokenError::code)
            })
        };
        run(&format!("{folder}groups.json"), read, |case: &MemberCase, value| {
            assert_eq!(Some(hex::encode(value)), case.value);
        });
    }
}

#[derive(Deserialize)]
struct RowCase {
    #[serde(flatten)]
    place: Place,
    fields: Strings,
    header: Option<String>,
    values: Option<Strings>,
}

#[test]
fn rows() {
    let keyrings = Keyrings::new();
    for folder in FOLDERS {
        let read = |case: &RowCase| {
            let header = case.header.as_deref().map(token::decode_text).transpose().map_err(TokenError::code)?;
            let members = case.fields.values().map(|member| token::decode_text(member));
            let members: Vec<Vec<u8>> = members.collect::<Result<_, _>>().map_err(TokenError::code)?;
            let fields = case.fields.keys().map(String::as_str).zip(members.iter().map(Vec::as_slice));
            keyrings.at(&case.place, |keyring| {
                let values = keyring.decrypt_row(fields, header.as_deref(), &case.place.context());
                let values = values.map_err(|error| error.code())?;
                Ok(case.fields.keys().cloned().zip(values.iter().map(hex::encode)).collect::<Strings>())
            })
        };
        run(&format!("{folder}rows.json"), read, |case: &RowCase, values| {
            assert_eq!(Some(values), case.values);
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

#[derive(Deserialize)]
struct IdentityCase {
    secret: Option<String>,
    public: Option<String>,
    id: Option<String>,
    key: Option<String>,
}

#[test]
fn identities() {
    let read = |case: &IdentityCase| {
        let secret = case.secret.as_deref().map(SecretIdentity::from_text).transpose().map_err(IdentityError::code)?;
        let public = case.public.as_deref().map(str::parse::<PublicIdentity>).transpose();
        Ok((secret, public.map_err(IdentityError::code)?))
    };
    run("identities.json", read, |case, (secret, public)| {
        let (secret, public) = (secret.unwrap(), public.unwrap());
        assert_eq!(secret.public(), &public);
        assert_eq!(Some(&*secret.expose_text()), case.secret.as_ref());
        assert_eq!(Some(public.to_string()), case.public);
        assert_eq!(Some(public.id().to_string()), case.id);
        assert_eq!(Some(hex::encode(public.to_bytes())), case.key);
    });
}

#[derive(Deserialize)]
struct SharesCase {
    shares: Vec<String>,
    set: Option<String>,
    threshold: Option<u8>,
    #[serde(default)]
    numbers: Vec<u8>,
}

#[test]
fn shares() {
    let read = |case: &SharesCase| {
        let shares: Result<Vec<Share>, ShareError> = case.shares.iter().map(|text| Share::from_text(text)).collect();
        let shares = shares.map_err(ShareError::code)?;
        let mut numbers: Vec<u8> = shares.iter().map(Share::number).collect();
        numbers.dedup();
        assert!(shares.iter().map(|share| share.expose_text().to_string()).eq(case.shares.iter().cloned()));
        Ok((Shares::new(shares).map_err(ShareError::code)?, numbers))
    };
    run("shares.json", read, |case, (shares, numbers)| {
        assert_eq!(Some(shares.set().to_string()), case.set);
        assert_eq!((Some(shares.threshold()), shares.count()), (case.threshold, case.numbers.len()));
        assert_eq!(numbers, case.numbers);
    });
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

#[derive(Deserialize)]
struct HeldCase {
    #[serde(with = "hex")]
    envelope: Vec<u8>,
    identity: String,
    #[serde(default)]
    held: Vec<String>,
}

#[test]
fn held_shares() {
    let read = |case: &HeldCase| {
        let identity = SecretIdentity::from_text(&case.identity).unwrap();
        envelope::held_shares(&case.envelope, &identity).map_err(|error| error.code())
    };
    run("held-shares.json", read, |case, held| {
        assert!(held.iter().map(|share| share.expose_text().to_string()).eq(case.held.iter().cloned()));
    });
}

#[derive(Deserialize)]
struct ScopeIdentityCase {
    identity: String,
    keyring: Option<String>,
    #[serde(default)]
    scope: Vec<String>,
    key_id: Option<String>,
    key: Option<String>,
}

#[test]
fn scope_identities() {
    let keyrings = Keyrings::new();
    let read = |case: &ScopeIdentityCase| case.identity.parse::<ScopeIdentity>().map_err(IdentityError::code);
    run("scope-identities.json", read, |case, identity| {
        assert_eq!(identity.to_string(), case.identity);
        assert_eq!(Some(identity.key_id().to_string()), case.key_id);
        assert_eq!(Some(hex::encode(&identity.to_bytes()[4..])), case.key);
        let (keyring, scope) = (case.keyring.clone().unwrap(), case.scope.clone());
        let place = Place { keyring, scope, context: Strings::new() };
        assert_eq!(keyrings.at(&place, |keyring| keyring.scope_identity().unwrap()), identity);
    });
}

#[derive(Deserialize)]
struct SigningKeyCase {
    signing: Option<String>,
    verifying: Option<String>,
    id: Option<String>,
    key: Option<String>,
}

#[test]
fn signing_keys() {
    let read = |case: &SigningKeyCase| {
        let signing = case.signing.as_deref().map(SigningKey::from_text).transpose().map_err(SigningKeyError::code)?;
        let verifying = case.verifying.as_deref().map(str::parse::<VerifyingKey>).transpose();
        Ok((signing, verifying.map_err(SigningKeyError::code)?))
    };
    run("signing-keys.json", read, |case, (signing, verifying)| {
        let (signing, verifying) = (signing.unwrap(), verifying.unwrap());
        assert_eq!(signing.verifying_key(), &verifying);
        assert_eq!(Some(&*signing.expose_text()), case.signing.as_ref());
        assert_eq!(Some(verifying.to_string()), case.verifying);
        assert_eq!(Some(verifying.id().to_string()), case.id);
        assert_eq!(Some(hex::encode(verifying.to_bytes())), case.key);
        assert_eq!(VerifyingKey::from_bytes(&verifying.to_bytes()).as_ref(), Ok(&verifying));
    });
}

#[derive(Deserialize)]
struct GrantCase {
    #[serde(with = "hex")]
    grant: Vec<u8>,
    identity: String,
    trusted: Vec<String>,
    now: u64,
    terms: Option<TermsCase>,
    token: Option<String>,
    value: Option<String>,
    scope_identity: Option<String>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct TermsCase {
    granter: String,
    actions: String,
    path: Vec<String>,
    from: u64,
    until: u64,
    purpose: String,
    granter_name: String,
    recipient_name: String,
}

impl TermsCase {
    fn of(grant: &Grant) -> TermsCase {
        let terms = grant.terms();
        TermsCase {
            granter: grant.granter().id().to_string(),
            actions: terms.actions.name().into(),
            path: grant.path().to_vec(),
            from: terms.from.0,
            until: terms.until.0,
            purpose: terms.purpose.clone(),
            granter_name: terms.granter_name.clone(),
            recipient_name: terms.recipient_name.clone(),
        }
    }
}

#[test]
fn grants() {
    let read = |case: &GrantCase| {
        let identity = SecretIdentity::from_text(&case.identity).unwrap();
        let trusted: Vec<VerifyingKey> = case.trusted.iter().map(|text| text.parse().unwrap()).collect();
        let (now, limits) = (Timestamp(case.now), ReadLimits::default());
        grant::open(&case.grant, &[(&identity).into()], &trusted, now, &limits).map_err(|error| error.code())
    };
    run("grants.json", read, |case, grant| {
        let now = Timestamp(case.now);
        assert_eq!(Some(TermsCase::of(&grant)), case.terms);
        match &case.token {
            Some(token) => {
                let token = token::decode_text(token).unwrap();
                let value = grant.keyring(now).unwrap().decrypt(&token, &Context::empty()).unwrap();
                assert_eq!(Some(hex::encode(value)), case.value);
            }
            None => assert_eq!(grant.keyring(now).map(|_| ()).unwrap_err().code(), "action_not_granted"),
        }
        match grant.scope_identity(now) {
            Ok(identity) => {
                assert!(case.scope_identity.as_ref().is_none_or(|text| identity.to_string() == *text));
                assert_ne!(grant.terms().actions, grant::Actions::Decrypt);
            }
            Err(error) => {
                assert_eq!((error.code(), grant.terms().actions), ("action_not_granted", grant::Actions::Decrypt))
            }
        }
    });
}

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
