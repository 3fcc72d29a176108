//! What people do: identities, grants, passphrases and share sets, beside the primitives that they stand on.

use argon2::{Algorithm, Argon2, Params, Version};
use fortress::{
    Context, Keyring, Passphrase, Profile, Timestamp, envelope,
    grant::{self, Actions, SigningKey, Terms},
    identity::{PublicIdentity, SecretIdentity},
    shares::{ShareSet, Shares},
};
use hpke::{Deserializable, Kem, kem::XWing};

use crate::{clock::Contest, report::Group, rng};

const NOW: Timestamp = Timestamp(1_790_000_000);
const MESSAGE: &[u8; 64] = &[7; 64];

pub(crate) fn identity() -> Vec<Group> {
    let (ada, mut bare_rng, mut fast) = (SecretIdentity::generate(&mut rng()).unwrap(), rng(), rng());
    let bare_secret = <XWing as Kem>::PrivateKey::from_bytes(ada.expose_secret()).unwrap();
    let bare_public = XWing::sk_to_pk(&bare_secret);
    let (_, encapsulated) = XWing::encap_with_rng(&bare_public, None, &mut bare_rng).unwrap();
    let keyring = Keyring::generate(Profile::Balanced, NOW, &mut rng()).unwrap();
    let text = ada.public().to_string();
    let options = envelope::Options::default();
    let sealed = envelope::encrypt(MESSAGE, &[ada.public().into()], &options, &mut rng()).unwrap();
    let sealed_keyring = keyring.seal(&[ada.public().into()], Default::default(), &mut rng()).unwrap();
    let scope = keyring.scope_identity().unwrap();
    let for_scope = envelope::encrypt(MESSAGE, &[(&scope).into()], &options, &mut rng()).unwrap();
    let open = |sealed: &[u8], by: envelope::Identity<'_>| {
        drop(envelope::decrypt(sealed, &[by], &Context::empty(), &Default::default()).unwrap());
    };

    let mut generate = Contest::new("generate", 0);
    generate.enter("bare X-Wing", || drop(XWing::gen_keypair_with_rng(&mut bare_rng)));
    generate.enter("ours", || drop(SecretIdentity::generate(&mut fast).unwrap()));
    let generate = generate.run();

    let (mut again, mut more) = (rng(), rng());
    let mut seal = Contest::new("seal", 0);
    seal.enter("bare X-Wing", || drop(XWing::encap_with_rng(&bare_public, None, &mut bare_rng).unwrap()));
    seal.enter("ours, an envelope", || {
        drop(envelope::encrypt(MESSAGE, &[ada.public().into()], &options, &mut fast).unwrap());
    });
    seal.enter("ours, a keyring", || {
        drop(keyring.seal(&[ada.public().into()], Default::default(), &mut again).unwrap());
    });
    seal.enter("ours, an envelope, for a text", || {
        let public: PublicIdentity = text.parse().unwrap();
        drop(envelope::encrypt(MESSAGE, &[(&public).into()], &options, &mut more).unwrap());
    });
    let seal = seal.run();

    let mut opened = Contest::new("open", 0);
    opened.enter("bare X-Wing", || drop(XWing::decap(&bare_secret, None, &encapsulated).unwrap()));
    opened.enter("ours, an envelope", || open(&sealed, (&ada).into()));
    opened.enter("ours, a keyring", || {
        drop(Keyring::open(&sealed_keyring, &[(&ada).into()], &Default::default()).unwrap());
    });
    opened.enter("ours, by a scope's identity", || open(&for_scope, (&keyring).into()));
    vec![generate, seal, opened.run()]
}

pub(crate) fn grants() -> Vec<Group> {
    let ada = SecretIdentity::generate(&mut rng()).unwrap();
    let keyring = Keyring::generate(Profile::Balanced, NOW, &mut rng()).unwrap().scope(["acme", "users"]).unwrap();
    let terms = Terms {
        actions: Actions::Both,
        from: NOW,
        until: Timestamp(NOW.0 + 86_400),
        purpose: "answering tickets".into(),
        granter_name: "Grace".into(),
        recipient_name: "Ada".into(),
    };
    let keys = [grant::Algorithm::Ed25519, grant::Algorithm::Hybrid]
        .map(|algorithm| SigningKey::generate(algorithm, &mut rng()).unwrap());
    let made =
        keys.each_ref().map(|key| grant::seal(&keyring, &terms, key, &[ada.public().into()], &mut rng()).unwrap());
    let names = ["ours, by Ed25519", "ours, by Ed25519 and ML-DSA-65"];

    let mut make = Contest::new("make", 0);
    for (name, key) in names.into_iter().zip(&keys) {
        let (keyring, terms, ada, mut fast) = (&keyring, &terms, &ada, rng());
        make.enter(name, move || drop(grant::seal(keyring, terms, key, &[ada.public().into()], &mut fast).unwrap()));
    }
    let make = make.run();
    let mut open = Contest::new("open", 0);
    for ((name, key), sealed) in names.into_iter().zip(&keys).zip(&made) {
        let (ada, trusted) = (&ada, [key.verifying_key().clone()]);
        open.enter(name, move || {
            drop(grant::open(sealed, &[ada.into()], &trusted, NOW, &Default::default()).unwrap());
        });
    }
    vec![make, open.run()]
}

pub(crate) fn passphrase() -> Vec<Group> {
    let passphrase = Passphrase::new("correct horse battery staple").unwrap();
    let keyring = Keyring::generate(Profile::Balanced, NOW, &mut rng()).unwrap();
    let sealed = keyring.seal(&[(&passphrase).into()], Default::default(), &mut rng()).unwrap();
    let bare = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(65_536, 3, 4, Some(32)).unwrap());
    let mut contest = Contest::new("unlock", 0);
    contest.enter("bare Argon2id", || bare.hash_password_into(MESSAGE, &[1; 16], &mut [0; 32]).unwrap());
    contest.enter("ours, a keyring", || {
        drop(Keyring::open(&sealed, &[(&passphrase).into()], &Default::default()).unwrap());
    });
    vec![contest.run()]
}

pub(crate) fn shares() -> Vec<Group> {
    let sizes = [("ours, 2 of 3", 2, 3), ("ours, 3 of 5", 3, 5), ("ours, 10 of 20", 10, 20)];
    let options = envelope::Options::default();
    let mut split = Contest::new("split", 0);
    for (name, threshold, count) in sizes {
        let mut fast = rng();
        split.enter(name, move || drop(ShareSet::generate(threshold, count, &mut fast).unwrap()));
    }
    let split = split.run();
    let mut recover = Contest::new("recover", 0);
    for (name, threshold, count) in sizes {
        let set = ShareSet::generate(threshold, count, &mut rng()).unwrap();
        let sealed = envelope::encrypt(MESSAGE, &[(&set).into()], &options, &mut rng()).unwrap();
        let texts: Vec<_> = set.shares().iter().take(threshold.into()).map(|share| share.expose_text()).collect();
        recover.enter(name, move || {
            let shares = texts.iter().map(|text| fortress::shares::Share::from_text(text).unwrap());
            let shares = Shares::new(shares).unwrap();
            drop(envelope::decrypt(&sealed, &[(&shares).into()], &Context::empty(), &Default::default()).unwrap());
        });
    }
    vec![split, recover.run()]
}
