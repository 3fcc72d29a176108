//! Grants: what they allow and for how long, who may have made them, and everything that can be exchanged in one.

use alloc::{format, string::String, vec, vec::Vec};

use getrandom::SysRng;
use proptest::{prelude::*, sample::Index};

use zeroize::Zeroizing;

use super::{
    terms::Statement,
    unsigned::{Payload, signed},
    *,
};
use crate::{
    context::Context,
    envelope::{self, Content, EnvelopeError, Identity, Metadata, ReadLimits, Recipient},
    external::AnsweredKey,
    identity::SecretIdentity,
    keyring::{Keyring, Timestamp, tests::Broken},
    passphrase::{Argon2Params, Passphrase},
    profile::Profile,
    suite::Suite,
    token::TokenError,
};

mod forged;
mod listed;

const NOW: Timestamp = Timestamp(1_790_000_000);
const SCOPE: [&str; 2] = ["acme", "users"];

fn root() -> Keyring {
    let mut root = Keyring::generate(Profile::Balanced, NOW, &mut SysRng).unwrap();
    root.rotate(NOW, &mut SysRng).unwrap();
    root
}

fn granter(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm, &mut SysRng).unwrap()
}

fn person() -> SecretIdentity {
    SecretIdentity::generate(&mut SysRng).unwrap()
}

fn terms(actions: Actions) -> Terms {
    Terms {
        actions,
        from: NOW,
        until: Timestamp(NOW.0 + 60),
        purpose: "answering tickets".into(),
        granter_name: "Grace".into(),
        recipient_name: "Ada".into(),
    }
}

/// A keyring's scope, who grants it, to whom, and the grant.
struct World {
    keyring: Keyring,
    grace: SigningKey,
    ada: SecretIdentity,
    sealed: Vec<u8>,
}

fn world(actions: Actions, algorithm: Algorithm) -> World {
    let (keyring, grace, ada) = (root().scope(SCOPE).unwrap(), granter(algorithm), person());
    let sealed = seal(&keyring, &terms(actions), &grace, &[ada.public().into()], &mut SysRng).unwrap();
    World { keyring, grace, ada, sealed }
}

impl World {
    fn open(&self, now: Timestamp) -> Result<Grant, GrantError> {
        self.open_sealed(&self.sealed, now)
    }

    fn open_sealed(&self, sealed: &[u8], now: Timestamp) -> Result<Grant, GrantError> {
        let trusted = [granter(Algorithm::Ed25519).verifying_key().clone(), self.grace.verifying_key().clone()];
        open(sealed, &[(&self.ada).into()], &trusted, now, &ReadLimits::default())
    }

    /// The header with its MAC, and the statement and signature of the grant.
    fn parts(&self) -> (Vec<u8>, Payload) {
        let limits = ReadLimits::default();
        let opened = envelope::open_as(Content::Grant, &self.sealed, &[(&self.ada).into()], &Context::empty(), &limits);
        let payload = opened.unwrap().decrypt_all(&self.sealed).unwrap();
        let header = self.sealed[..envelope::rewrapped_len(&self.sealed).unwrap()].to_vec();
        (header, Payload::parse(&payload).unwrap())
    }

    /// What a recipient can make of it: the same content for others.
    fn resealed(&self, payload: &Payload, recipients: &[Recipient<'_>]) -> Vec<u8> {
        let options = envelope::Options { suite: Some(Suite::Aes256Gcm), ..Default::default() };
        let new = envelope::create_as(Content::Grant, recipients, &options, &mut SysRng).unwrap();
        new.encrypt_all(&payload.encode()).unwrap()
    }
}

fn code<T>(result: Result<T, GrantError>) -> &'static str {
    match result {
        Ok(_) => "valid",
        Err(error) => error.code(),
    }
}

#[test]
fn a_grant_of_both_reads_and_writes() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Hybrid] {
        let world = world(Actions::Both, algorithm);
        let grant = world.open(NOW).unwrap();
        assert_eq!((grant.path(), grant.terms()), (world.keyring.path(), &terms(Actions::Both)));
        assert_eq!(grant.granter(), world.grace.verifying_key());
        let (keyring, context) = (grant.keyring(NOW).unwrap(), Context::empty());
        assert_eq!(keyring.versions().len(), 2, "what older versions encrypted is read too");
        let token = keyring.encrypt(b"value", &context, &mut SysRng).unwrap();
        assert_eq!(world.keyring.decrypt(&token, &context).unwrap(), b"value");
        let sealed = envelope::encrypt(b"file", &[grant.recipient(NOW).unwrap()], &Default::default(), &mut SysRng);
        let opened = envelope::decrypt(&sealed.unwrap(), &[grant.identity(NOW)], &context, &Default::default());
        assert_eq!(opened.unwrap(), b"file");
    }
}

#[test]
fn a_grant_to_decrypt_does_not_encrypt() {
    let world = world(Actions::Decrypt, Algorithm::Ed25519);
    let (grant, context) = (world.open(NOW).unwrap(), Context::empty());
    let keyring = grant.keyring(NOW).unwrap();
    let token = world.keyring.encrypt(b"value", &context, &mut SysRng).unwrap();
    assert_eq!(keyring.decrypt(&token, &context).unwrap(), b"value");
    assert_eq!(keyring.encrypt(b"value", &context, &mut SysRng), Err(TokenError::NotGranted));
    assert_eq!(keyring.reencrypt(&token, &context, &mut SysRng), Err(TokenError::NotGranted));
    assert!(matches!(keyring.encrypt_group(&context, &mut SysRng), Err(TokenError::NotGranted)));
    let below = keyring.scope(["email"]).unwrap();
    assert_eq!(below.encrypt(b"value", &context, &mut SysRng), Err(TokenError::NotGranted));
    let for_it = envelope::encrypt(b"", &[keyring.into()], &Default::default(), &mut SysRng);
    assert_eq!(for_it, Err(EnvelopeError::NotGranted));
    // Nor does it say who else reads what it reads; another of the identities may.
    let (owners, phrase) = (&world.keyring, Passphrase::new("one").unwrap());
    let params = Argon2Params { passes: 1, memory_kib: 8192, lanes: 1 };
    let recipients = [owners.into(), Recipient::Passphrase(&phrase, params)];
    let file = envelope::encrypt(b"file", &recipients, &Default::default(), &mut SysRng).unwrap();
    let rewrap = |by: &[Identity<'_>]| envelope::rewrap(&file, by, &[owners.into()], &Default::default(), &mut SysRng);
    assert_eq!(rewrap(&[keyring.into()]), Err(EnvelopeError::NotGranted));
    assert!(rewrap(&[keyring.into(), (&phrase).into()]).is_ok());
    assert!(rewrap(&[owners.into()]).is_ok());
    assert_eq!(keyring.scope_identity().map(|_| ()), Err(crate::identity::IdentityError::NotGranted));
    let refused = GrantError::ActionNotGranted { wanted: Actions::Encrypt, granted: Actions::Decrypt };
    assert_eq!(grant.recipient(NOW).map(|_| ()), Err(refused.clone()));
    assert_eq!(grant.scope_identity(NOW).map(|_| ()), Err(refused));
    assert!(envelope::decrypt(&file, &[grant.identity(NOW)], &context, &Default::default()).is_ok());
    assert_eq!(rewrap(&[grant.identity(NOW)]), Err(EnvelopeError::NotGranted));
    assert!(rewrap(&[grant.identity(NOW), (&phrase).into()]).is_ok());
}

#[test]
fn a_grant_to_encrypt_holds_nothing_that_decrypts() {
    let world = world(Actions::Encrypt, Algorithm::Ed25519);
    let (grant, context) = (world.open(NOW).unwrap(), Context::empty());
    let sealed = envelope::encrypt(b"yes", &[grant.recipient(NOW).unwrap()], &Default::default(), &mut SysRng).unwrap();
    let by_owner = envelope::decrypt(&sealed, &[(&world.keyring).into()], &context, &Default::default());
    assert_eq!(by_owner.unwrap(), b"yes");
    let refused = GrantError::ActionNotGranted { wanted: Actions::Decrypt, granted: Actions::Encrypt };
    assert_eq!(grant.keyring(NOW).map(|_| ()), Err(refused.clone()));
    let by_grant = envelope::decrypt(&sealed, &[grant.identity(NOW)], &context, &Default::default());
    assert_eq!(by_grant, Err(refused.clone().into()));
    assert_eq!(grant.scope(&SCOPE, NOW).map(|_| ()), Err(refused));
    assert_eq!(grant.scope_identity(NOW).unwrap(), world.keyring.scope_identity().unwrap());
    // None of the keyring's secrets is in it, nor a seed that comes from one.
    let (_, payload) = world.parts();
    let secrets = world.keyring.versions().map(|version| *world.keyring.expose_secret(version.id).unwrap());
    let seeds =
        world.keyring.versions().map(|version| *world.keyring.secret_identity(version.id).unwrap().expose_secret());
    for secret in secrets.chain(seeds) {
        assert!(!payload.statement.windows(32).any(|run| run == secret));
    }
}

/// What was encrypted for an older version's identity, before the keyring was rotated, still opens; at another scope nothing does.
#[test]
fn the_identity_of_a_scope_is_its_own() {
    let mut root = root();
    let old = root.scope(SCOPE).unwrap().scope_identity().unwrap();
    root.rotate(NOW, &mut SysRng).unwrap();
    let new = root.scope(SCOPE).unwrap().scope_identity().unwrap();
    assert_ne!(old.to_bytes(), new.to_bytes());
    let open = |sealed: &[u8], keyring: &Keyring| {
        envelope::decrypt(sealed, &[keyring.into()], &Context::empty(), &Default::default())
    };
    for identity in [old, new] {
        let sealed = envelope::encrypt(b"yes", &[(&identity).into()], &Default::default(), &mut SysRng).unwrap();
        assert_eq!(open(&sealed, &root.scope(SCOPE).unwrap()).unwrap(), b"yes");
        assert_eq!(open(&sealed, &root.scope(["acme"]).unwrap()), Err(EnvelopeError::AuthenticationFailed));
        assert!(matches!(open(&sealed, &self::root()), Err(EnvelopeError::WrongRecipient { .. })));
    }
}

#[test]
fn a_granted_keyring_is_not_handed_on() {
    for actions in [Actions::Decrypt, Actions::Both] {
        let world = world(actions, Algorithm::Ed25519);
        let grant = world.open(NOW).unwrap();
        let keyring = grant.keyring(NOW).unwrap();
        let recipients = [world.ada.public().into()];
        assert_eq!(keyring.seal(&recipients, Metadata::default(), &mut SysRng), Err(EnvelopeError::NotGranted));
        let again = seal(keyring, &terms(Actions::Decrypt), &world.grace, &recipients, &mut SysRng);
        assert_eq!(code(again), "action_not_granted");
        assert_eq!(keyring.expose_secret(keyring.primary()), None);
        let below = grant.scope(&["acme", "users", "email"], NOW).unwrap();
        assert_eq!(below.expose_secret(keyring.primary()), None);
    }
}

#[test]
fn a_grant_is_for_its_scope_and_below() {
    let world = world(Actions::Both, Algorithm::Ed25519);
    let (grant, context) = (world.open(NOW).unwrap(), Context::empty());
    for below in [&[][..], &["email"], &["email", "domain"]] {
        let path = [&SCOPE[..], below].concat();
        let keyring = grant.scope(&path, NOW).unwrap();
        let token = keyring.encrypt(b"value", &context, &mut SysRng).unwrap();
        let same = if below.is_empty() {
            world.keyring.decrypt(&token, &context)
        } else {
            world.keyring.scope(below).unwrap().decrypt(&token, &context)
        };
        assert_eq!(same.unwrap(), b"value");
    }
    for outside in [&[][..], &["acme"], &["acme", "orders"], &["users", "acme"], &["acme", "user", "s"]] {
        assert_eq!(code(grant.scope(outside, NOW)), "outside_scope", "{outside:?}");
    }
    assert_eq!(code(grant.scope(&["acme", "users", ""], NOW)), "invalid_segment");
}

#[test]
fn a_grant_begins_and_ends() {
    let world = world(Actions::Both, Algorithm::Ed25519);
    let (before, end) = (Timestamp(NOW.0 - 1), Timestamp(NOW.0 + 60));
    assert!(world.open(NOW).is_ok() && world.open(Timestamp(end.0 - 1)).is_ok());
    assert_eq!(world.open(before).map(|_| ()), Err(GrantError::NotYetValid { from: NOW, now: before }));
    assert_eq!(world.open(end).map(|_| ()), Err(GrantError::Expired { until: end, now: end }));
    let grant = world.open(NOW).unwrap();
    for late in [end, Timestamp(u64::MAX)] {
        assert_eq!(code(grant.keyring(late)), "grant_expired");
        assert_eq!(code(grant.scope(&SCOPE, late)), "grant_expired");
        assert_eq!(code(grant.recipient(late)), "grant_expired");
        assert_eq!(code(grant.scope_identity(late)), "grant_expired");
    }
    assert_eq!(code(grant.keyring(before)), "grant_not_yet_valid");
}

#[test]
fn who_is_trusted_is_the_callers_to_say() {
    let world = world(Actions::Both, Algorithm::Hybrid);
    let identities = [(&world.ada).into()];
    let limits = ReadLimits::default();
    let stranger = granter(Algorithm::Hybrid);
    for trusted in [&[][..], &[stranger.verifying_key().clone()]] {
        let error = open(&world.sealed, &identities, trusted, NOW, &limits).map(|_| ()).unwrap_err();
        assert_eq!(error, GrantError::UntrustedGranter { granter: world.grace.verifying_key().id() });
    }
    let read = read(&world.sealed, &identities, &limits).unwrap();
    assert_eq!((read.granter(), read.path()), (world.grace.verifying_key(), world.keyring.path()));
    assert_eq!(read.terms().granter_name, "Grace");
    let id = read.id();
    assert_eq!(read.trust(&[world.grace.verifying_key().clone()], NOW).unwrap().id(), id);
    let keyring = world.keyring.seal(&[world.ada.public().into()], Metadata::default(), &mut SysRng).unwrap();
    assert_eq!(code(world.open_sealed(&keyring, NOW)), "wrong_content");
    let other = person();
    assert_eq!(code(open(&world.sealed, &[(&other).into()], &[], NOW, &limits)), "wrong_recipient");
}

/// A recipient has the file key, and can write any envelope with what the grant holds; none is the granter's.
#[test]
fn what_cannot_be_is_not_granted() {
    let world = world(Actions::Both, Algorithm::Ed25519);
    let grant = |keyring: &Keyring, terms: &Terms| {
        code(seal(keyring, terms, &world.grace, &[world.ada.public().into()], &mut SysRng))
    };
    let with = |change: &dyn Fn(&mut Terms)| {
        let mut terms = terms(Actions::Both);
        change(&mut terms);
        grant(&world.keyring, &terms)
    };
    assert_eq!(grant(&root(), &terms(Actions::Both)), "invalid_grant", "of a whole keyring");
    assert_eq!(with(&|terms| terms.until = terms.from), "invalid_grant");
    assert_eq!(with(&|terms| terms.until.0 = 0), "invalid_grant");
    assert_eq!(with(&|terms| terms.until.0 = Timestamp::MAX + 1), "invalid_grant");
    assert_eq!(with(&|terms| terms.until.0 = Timestamp::MAX), "valid");
    assert_eq!(with(&|terms| terms.purpose = "a".repeat(1_024)), "valid");
    assert_eq!(with(&|terms| terms.purpose = "a".repeat(1_025)), "invalid_grant");
    assert_eq!(with(&|terms| terms.granter_name = "é".repeat(128)), "invalid_grant");
    assert_eq!(with(&|terms| terms.recipient_name = "é".repeat(128)), "invalid_grant");
    let empty = |terms: &mut Terms| {
        (terms.purpose, terms.granter_name, terms.recipient_name) = Default::default();
    };
    assert_eq!(with(&empty), "valid");
    let terms = terms(Actions::Both);
    assert_eq!(code(seal(&world.keyring, &terms, &world.grace, &[], &mut SysRng)), "no_recipient");
    assert_eq!(
        code(seal(&world.keyring, &terms, &world.grace, &[world.ada.public().into()], &mut Broken)),
        "randomness"
    );
}

/// Roles hold keyrings, and people passphrases: a grant is for whoever an envelope can be for.
#[test]
fn other_recipients() {
    let (keyring, grace, role) = (root().scope(SCOPE).unwrap(), granter(Algorithm::Ed25519), root());
    let passphrase = Passphrase::new("correct horse").unwrap();
    let cheap = Argon2Params { passes: 1, memory_kib: 8_192, lanes: 1 };
    let recipients = [Recipient::Keyring(&role), Recipient::Passphrase(&passphrase, cheap)];
    let sealed = seal(&keyring, &terms(Actions::Decrypt), &grace, &recipients, &mut SysRng).unwrap();
    for identity in [Identity::from(&role), (&passphrase).into()] {
        assert!(open(&sealed, &[identity], &[grace.verifying_key().clone()], NOW, &Default::default()).is_ok());
    }
    let rewrapped = envelope::rewrap(&sealed, &[(&role).into()], &recipients, &Default::default(), &mut SysRng);
    assert!(matches!(rewrapped, Err(EnvelopeError::WrongContent { .. })), "its recipients are signed");
}

/// A key that answers between two calls wraps the file key of a grant as it does that of any envelope.
#[test]
fn an_external_key_that_answers_later() {
    let (keyring, grace, terms) = (root().scope(SCOPE).unwrap(), granter(Algorithm::Ed25519), terms(Actions::Both));
    let draft = draft(&mut SysRng).unwrap();
    let (associated, file_key) = (draft.associated_data(), *draft.expose_file_key());
    let wrapped = AnsweredKey::wrapped("test:key".into(), file_key.to_vec(), associated);
    let recipients = [Recipient::External(&wrapped)];
    let sealed = seal_draft(draft, &keyring, &terms, &grace, &recipients, &mut SysRng).unwrap();
    let [request] = <[_; 1]>::try_from(envelope::external_requests(&sealed, &[]).unwrap()).unwrap();
    assert_eq!((&request.wrapped[..], request.associated), (&file_key[..], associated));
    let answered = request.answered(Ok(Zeroizing::new(file_key.to_vec())));
    let identities = [Identity::External(&answered)];
    let trusted = [grace.verifying_key().clone()];
    assert!(open(&sealed, &identities, &trusted, NOW, &Default::default()).is_ok());
    // A draft is for one kind of content.
    let other = Keyring::draft(Metadata::default(), &mut SysRng).unwrap();
    assert_eq!(code(seal_draft(other, &keyring, &terms, &grace, &recipients, &mut SysRng)), "wrong_content");
    let grant = super::draft(&mut SysRng).unwrap();
    assert!(matches!(grant.create(&recipients, &mut SysRng), Err(EnvelopeError::WrongContent { .. })));
}

#[test]
fn nothing_of_a_grant_is_shown() {
    let world = world(Actions::Both, Algorithm::Ed25519);
    assert_eq!(format!("{:?}", world.open(NOW).unwrap()), "Grant { .. }");
    let read = read(&world.sealed, &[(&world.ada).into()], &Default::default()).unwrap();
    assert_eq!(format!("{read:?}"), "SignedGrant { .. }");
    for actions in [Actions::Encrypt, Actions::Decrypt, Actions::Both] {
        assert_eq!(Actions::from_name(actions.name()), Some(actions));
    }
    assert!(Actions::Both.allow(Actions::Encrypt) && !Actions::Encrypt.allow(Actions::Both));
    let refusal = GrantError::ActionNotGranted { wanted: Actions::Encrypt, granted: Actions::Decrypt };
    assert_eq!(format!("{refusal}"), "the grant allows to decrypt, and not to encrypt; ask for one that does");
}

fn arbitrary_terms() -> impl Strategy<Value = Terms> {
    let actions = prop_oneof![Just(Actions::Encrypt), Just(Actions::Decrypt), Just(Actions::Both)];
    let times = (0..Timestamp::MAX, 1..1_000_000_u64);
    (actions, times, ".{0,60}", ".{0,40}", ".{0,40}").prop_map(
        |(actions, (from, length), purpose, granter, recipient)| Terms {
            actions,
            from: Timestamp(from),
            until: Timestamp((from + length).min(Timestamp::MAX)),
            purpose,
            granter_name: granter,
            recipient_name: recipient,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_granted_is_what_is_opened(terms in arbitrary_terms(), path in prop::collection::vec(".{1,20}", 1..5)) {
        let (root, grace, ada) = (root(), granter(Algorithm::Ed25519), person());
        let keyring = root.scope(&path).unwrap();
        let sealed = seal(&keyring, &terms, &grace, &[ada.public().into()], &mut SysRng).unwrap();
        let trusted = [grace.verifying_key().clone()];
        let grant = open(&sealed, &[(&ada).into()], &trusted, terms.from, &Default::default()).unwrap();
        prop_assert_eq!(grant.terms(), &terms);
        prop_assert_eq!(grant.path(), &path[..]);
        let context = Context::empty();
        if let Ok(granted) = grant.keyring(terms.from) {
            let token = keyring.encrypt(b"value", &context, &mut SysRng).unwrap();
            prop_assert_eq!(granted.decrypt(&token, &context).unwrap(), b"value");
        }
    }

    #[test]
    fn no_bit_of_a_grant_can_be_changed(at: Index, bit in 0..8_u8) {
        let world = world(Actions::Decrypt, Algorithm::Ed25519);
        let mut sealed = world.sealed.clone();
        sealed[at.index(world.sealed.len())] ^= 1 << bit;
        prop_assert!(world.open_sealed(&sealed, NOW).is_err());
    }

    #[test]
    fn a_statement_is_read_as_it_is_written_or_not_at_all(at: Index, byte: u8) {
        let (_, payload) = world(Actions::Encrypt, Algorithm::Ed25519).parts();
        let mut bytes = payload.statement.clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(statement) = Statement::parse(&bytes) {
            prop_assert_eq!(statement.encode(), bytes.to_vec());
        }
    }
}

#[test]
fn errors_say_what_to_do() {
    let granter = GranterId([0xAB; 8]);
    let (from, until, now) = (Timestamp(5), Timestamp(7), Timestamp(9));
    let texts = [
        (GrantError::UntrustedGranter { granter }, "untrusted_granter", "compare the verifying key with its holder"),
        (GrantError::Forged { granter }, "forged_grant", "abababababababab"),
        (
            GrantError::NotYetValid { from, now: Timestamp(1) },
            "grant_not_yet_valid",
            "it begins at 1970-01-01T00:00:05Z and now it is 1970-01-01T00:00:01Z; wait",
        ),
        (
            GrantError::Expired { until, now },
            "grant_expired",
            "it ended at 1970-01-01T00:00:07Z and now it is 1970-01-01T00:00:09Z",
        ),
        (
            GrantError::outside_scope(&["a/b"], &["acme".into(), "users".into()]),
            "outside_scope",
            "the scope [\"a/b\"] is outside the grant, which is for [\"acme\", \"users\"]; name that one",
        ),
        (
            GrantError::ActionNotGranted { wanted: Actions::Decrypt, granted: Actions::Encrypt },
            "action_not_granted",
            "allows to encrypt, and not to decrypt; it makes files for the scope's identity, not tokens",
        ),
        (
            GrantError::ActionNotGranted { wanted: Actions::Encrypt, granted: Actions::Decrypt },
            "action_not_granted",
            "allows to decrypt, and not to encrypt; ask for one that does",
        ),
        (GrantError::NotScoped, "invalid_grant", "narrow the keyring first"),
        (
            GrantError::InvalidTimes { from, until },
            "invalid_grant",
            "from 1970-01-01T00:00:05Z until 1970-01-01T00:00:07Z",
        ),
        (GrantError::TextTooLong { what: "purpose", limit: 2, got: 3 }, "invalid_grant", "the purpose of a grant"),
        (GrantError::Envelope(EnvelopeError::NotGranted), "action_not_granted", "granted for less"),
    ];
    for (error, code, text) in texts {
        assert_eq!(error.code(), code);
        assert!(format!("{error}").contains(text), "{error}");
    }
    let keys = [
        (SigningKeyError::InvalidVerifying, "59 or 3182 more"),
        (SigningKeyError::InvalidSigning, "59 more"),
        (SigningKeyError::SigningForVerifying, "give out the one"),
        (SigningKeyError::VerifyingForSigning, "use the one"),
        (SigningKeyError::InvalidKey, "none of Ed25519"),
    ];
    for (error, text) in keys {
        assert!(format!("{error}").contains(text), "{error}");
    }
}
