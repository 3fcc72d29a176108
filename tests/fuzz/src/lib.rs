//! What each target does with its bytes. `core/tests/corpus.rs` calls the same functions with the corpus.
//!
//! Keys are the same each time, so that an input that opens something goes on opening it.

mod external;
mod forge;

use std::sync::OnceLock;

use chacha20::ChaCha20Rng;
use fortress::{
    Context, Keyring, Profile, Timestamp,
    envelope::{self, Identity, ReadLimits, Recipient},
    grant::{self, GrantError, SigningKey, VerifyingKey},
    identity::{PublicIdentity, ScopeIdentity, SecretIdentity},
    inspect,
    shares::{Share, ShareSet, Shares},
    token as text,
};
use rand_core::SeedableRng;

pub use external::Token;
pub use forge::Forge;

/// One target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 10] = [
    ("token", token),
    ("member", member),
    ("envelope", envelope),
    ("header", header),
    ("keyring", keyring),
    ("stream", stream),
    ("inspect", inspect),
    ("identity", identity),
    ("share", share),
    ("grant", grant),
];

/// A token, as bytes and as text.
pub fn token(data: &[u8]) {
    let keyring = &world().keyring;
    let read = keyring.decrypt(data, &Context::empty());
    assert!(read.is_err() || keyring.is_current(data).is_ok());
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(bytes) = text::decode_text(text)
    {
        assert_eq!(text::encode_text(&bytes), text, "a token has one text");
        let _ = keyring.decrypt(&bytes, &Context::empty());
    }
}

/// A member of a group, whole or hoisted, under a header of our own and under the one that comes first in the input.
pub fn member(data: &[u8]) {
    let world = world();
    let mut reader = world.keyring.group_reader(Context::empty());
    let mut out = Vec::new();
    let (header, rest) = data.split_at(data.len().min(63));
    for (header, member) in [(None, data), (Some(&world.group_header[..]), data), (Some(header), rest)] {
        let read = reader.decrypt_into(header, member, &Context::empty(), &mut out);
        assert!(read.is_ok() || out.is_empty());
        out.clear();
    }
}

/// A whole envelope, as data, as a keyring and for a rewrap.
pub fn envelope(data: &[u8]) {
    let keyring = &world().keyring;
    let world = world();
    let identities =
        [Identity::from(keyring), (&world.identity).into(), (&world.shares).into(), Identity::External(&world.token)];
    let limits = ReadLimits::default();
    let _ = envelope::held_shares(data, &world.identity);
    let data_prefix = envelope::prefix_len(data);
    let opened = envelope::decrypt(data, &identities, &Context::empty(), &limits);
    assert!(opened.is_err() || data_prefix.is_ok_and(|len| len.is_some()));
    let _ = Keyring::open(data, &identities, &limits);
    let recipients = [Recipient::from(keyring), Recipient::External(&world.token)];
    if let Ok(header) = envelope::rewrap(data, &identities, &recipients, &Default::default(), &mut rng()) {
        let message = &data[envelope::rewrapped_len(data).expect("it was rewrapped")..];
        let again = envelope::decrypt(&[&header[..], message].concat(), &identities, &Context::empty(), &limits);
        assert_eq!(opened.is_ok(), again.is_ok(), "a rewrap leaves the message as it was");
    }
}

/// The CBOR of a header, in an envelope whose MAC is right.
pub fn header(data: &[u8]) {
    let bytes = world().forge.envelope(data, b"payload");
    let inspected = inspect::envelope(&bytes, Some(bytes.len() as u64));
    envelope(&bytes);
    if let Ok(inspection) = inspected {
        assert_eq!(inspection.fields.iter().map(|field| field.len).sum::<u64>(), bytes.len() as u64);
    }
}

/// The CBOR of a keyring, in an envelope whose MAC and tags are right.
pub fn keyring(data: &[u8]) {
    let world = world();
    let sealed = world.forge.envelope(&world.forge.keyring_header(), data);
    let Ok(opened) = Keyring::open(&sealed, &[(&world.keyring).into()], &ReadLimits::default()) else { return };
    let again =
        opened.seal(&[(&world.keyring).into()], Default::default(), &mut rng()).expect("what opens can be sealed");
    assert_eq!(again.len(), sealed.len(), "and is the same then");
    let token = opened.encrypt(b"value", &Context::empty(), &mut rng()).expect("it has a primary version");
    assert_eq!(opened.decrypt(&token, &Context::empty()).as_deref(), Ok(&b"value"[..]));
    let _ = opened.scope(["a"]).map(|scope| scope.rotation_due(Timestamp(u64::MAX)));
}

/// The chunks of a message, in pieces of a length that the first byte says, and by ranges.
pub fn stream(data: &[u8]) {
    let world = world();
    let Some((&first, chunks)) = data.split_first() else { return };
    let open = || {
        let identities = [Identity::from(&world.keyring)];
        envelope::open(&world.prefix, &identities, &Context::empty(), &ReadLimits::default()).expect("our own")
    };
    let (mut decryptor, mut plaintext) = (open().into_stream(), Vec::new());
    let mut pieces = chunks.chunks(usize::from(first) * 97 + 1);
    let streamed = pieces
        .try_for_each(|piece| decryptor.update(piece, &mut plaintext))
        .and_then(|()| decryptor.finish(&mut plaintext));
    let message = [&world.prefix[open().message_start()..], chunks].concat();
    let envelope_len = (world.prefix.len() + chunks.len()) as u64;
    let Ok(access) = open().into_random_access(envelope_len) else { return assert!(streamed.is_err()) };
    let range = 0..access.plaintext_len();
    let bytes = |range: std::ops::Range<u64>| &message[range.start as usize..range.end as usize];
    let mut read = Vec::new();
    let ranged = access
        .authenticate_length(bytes(access.last_chunk()))
        .and_then(|()| access.decrypt(&range, bytes(access.locate(&range)?), &mut read));
    assert_eq!(streamed.is_ok(), ranged.is_ok());
    assert!(ranged.is_err() || read == plaintext);
}

/// Anything, without a key.
pub fn inspect(data: &[u8]) {
    if let Ok(inspection) = inspect::token(data) {
        assert_eq!(inspection.fields.iter().map(|field| field.len).sum::<u64>(), data.len() as u64);
    }
    let _ = inspect::envelope(data, None);
    let _ = inspect::envelope(data, Some(data.len() as u64));
}

/// The text of an identity, and the bytes of a public one.
pub fn identity(data: &[u8]) {
    if let Ok(public) = PublicIdentity::from_bytes(data) {
        assert_eq!(public.to_bytes(), data);
        assert_eq!(public.to_string().parse().as_ref(), Ok(&public));
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(public) = text.parse::<PublicIdentity>() {
        assert_eq!(public.to_string(), text, "an identity has one text");
    }
    if let Ok(scope) = text.parse::<ScopeIdentity>() {
        assert_eq!(scope.to_string(), text);
    }
    if let Ok(verifying) = text.parse::<VerifyingKey>() {
        assert_eq!(verifying.to_string(), text);
    }
    if let Ok(signing) = SigningKey::from_text(text) {
        assert_eq!(*signing.expose_text(), text);
    }
    if let Ok(secret) = SecretIdentity::from_text(text) {
        assert_eq!(*secret.expose_text(), text, "and one for its seed");
    }
}

/// A whole grant; and the payload of one, in an envelope whose MAC and tags are right.
pub fn grant(data: &[u8]) {
    let world = world();
    let identities = [Identity::from(&world.keyring), (&world.identity).into()];
    let forged = world.forge.envelope(&world.forge.grant_header(), data);
    for sealed in [data, &forged[..]] {
        let Ok(read) = grant::read(sealed, &identities, &ReadLimits::default()) else { continue };
        let (granter, now) = (read.granter().clone(), read.terms().from);
        assert!(granter == *world.granter.verifying_key(), "nobody else has signed anything");
        let again = grant::open(sealed, &identities, &[granter], now, &ReadLimits::default());
        let opened = again.expect("it begins at its first second");
        assert!(matches!(opened.keyring(opened.terms().until).map(|_| ()), Err(GrantError::Expired { .. })));
        let recipient = opened
            .recipient(now)
            .map(|recipient| envelope::encrypt(b"", &[recipient], &Default::default(), &mut rng()));
        assert!(recipient.is_err() || recipient.is_ok_and(|made| made.is_ok()));
    }
}

/// The texts of shares, one a line, and what they come to together.
pub fn share(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let shares = text.split('\n').filter_map(|line| {
        let share = Share::from_text(line).ok()?;
        assert_eq!(*share.expose_text(), line, "a share has one text");
        Some(share)
    });
    if let Ok(shares) = Shares::new(shares) {
        let envelope = &world().recoverable;
        let opened = envelope::decrypt(envelope, &[(&shares).into()], &Context::empty(), &ReadLimits::default());
        assert!(opened.is_err() || shares.count() >= 2);
    }
}

/// What all runs share.
pub struct World {
    /// Opens everything that the seeds hold.
    pub keyring: Keyring,
    /// Opens what the seeds hold for an identity.
    pub identity: SecretIdentity,
    /// Opens what the seeds hold for a share set.
    pub shares: Shares,
    /// Signed the grants among the seeds.
    pub granter: SigningKey,
    /// That share set: two of its three shares open.
    pub set: ShareSet,
    /// An envelope for it.
    pub recoverable: Vec<u8>,
    /// Opens what the seeds hold for an external key.
    pub token: Token,
    /// The header of a group of this keyring.
    pub group_header: Vec<u8>,
    /// The prefix of an envelope of suite 2 for this keyring.
    pub prefix: Vec<u8>,
    /// Writes what the core does not.
    pub forge: Forge,
}

/// Made on first use.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let keyring = Keyring::generate(Profile::Archive, Timestamp(1_790_000_000), &mut rng()).expect("time and rng");
        let group = keyring.encrypt_group(&Context::empty(), &mut rng()).expect("a keyring encrypts");
        let group_header = group.header().to_vec();
        let recipients = [Recipient::from(&keyring)];
        let options = envelope::Options { suite: Some(fortress::Suite::Aes256Gcm), ..Default::default() };
        let prefix = envelope::create(&recipients, &options, &mut rng()).expect("one recipient").prefix().to_vec();
        let forge = Forge::new(&prefix, &mut rng());
        let identity = SecretIdentity::generate(&mut rng()).expect("the generator works");
        let set = ShareSet::generate(2, 3, &mut rng()).expect("the generator works");
        let copies = set.shares().iter().map(|share| Share::from_text(&share.expose_text()).expect("its own text"));
        let shares = Shares::new(copies).expect("they are of one set");
        let recoverable = envelope::encrypt(b"payload", &[(&set).into()], &options, &mut rng()).expect("it encrypts");
        let granter = SigningKey::from_secret(grant::Algorithm::Ed25519, &[7; 32]);
        World { keyring, identity, granter, shares, set, recoverable, token: Token, group_header, prefix, forge }
    })
}

/// The same bytes each time.
pub fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([0x42; 32])
}
