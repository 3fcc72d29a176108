//! Writes the first inputs of each corpus: one of each kind that opens, from which the fuzzer goes on.

use std::{fs, io, path::Path};

use fortress::{
    Argon2Params, Context, Passphrase, Suite, Timestamp,
    envelope::{self, Metadata, Options, Recipient},
    grant::{self, Actions, Terms},
    group::Layout,
    token::encode_text,
};
use fortress_fuzz::{rng, world};

type Seeds = Vec<(String, Vec<u8>)>;

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let inspected = [tokens(), members(), envelopes()].concat();
    let all = [
        ("token", tokens()),
        ("member", members()),
        ("envelope", envelopes()),
        ("header", headers()),
        ("keyring", keyrings()),
        ("stream", streams()),
        ("inspect", inspected),
        ("identity", identities()),
        ("share", shares()),
        ("grant", grants()),
    ];
    for (target, seeds) in all {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        for (name, bytes) in seeds {
            fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}

fn tokens() -> Seeds {
    let mut seeds = Seeds::new();
    for suite in Suite::ALL {
        let token = world().keyring.encrypt_with(suite, b"value", &Context::empty(), &mut rng()).expect("it encrypts");
        seeds.push((format!("token-{}-text", suite.id()), encode_text(&token).into_bytes()));
        seeds.push((format!("token-{}", suite.id()), token));
    }
    seeds
}

fn members() -> Seeds {
    let mut seeds = Seeds::new();
    for suite in Suite::ALL {
        for (layout, name) in [(Layout::Whole, "whole"), (Layout::Hoisted, "hoisted")] {
            let keyring = &world().keyring;
            let mut group = keyring.encrypt_group_with(suite, &Context::empty(), &mut rng()).expect("it encrypts");
            let mut member = Vec::new();
            group.encrypt_into(b"value", &Context::empty(), layout, &mut member).expect("it encrypts");
            let with_header = [&group.header()[..], &member].concat();
            seeds.push((format!("member-{}-{name}", suite.id()), member));
            seeds.push((format!("member-{}-{name}-after-header", suite.id()), with_header));
        }
    }
    seeds
}

fn envelopes() -> Seeds {
    let keyring = &world().keyring;
    let passphrase = Passphrase::new("passphrase").expect("it is not empty");
    let params = Argon2Params { passes: 1, memory_kib: 8_192, lanes: 1 };
    let mut seeds = Seeds::new();
    for suite in Suite::ALL {
        let metadata = Metadata::new([("name", "report.pdf"), ("a", "b")]);
        let options = Options { suite: Some(suite), metadata, ..Default::default() };
        let recipients = [Recipient::Passphrase(&passphrase, params), keyring.into()];
        let sealed = envelope::encrypt(b"payload", &recipients, &options, &mut rng()).expect("it encrypts");
        seeds.push((format!("envelope-{}", suite.id()), sealed));
    }
    let options = Options { suite: Some(Suite::Aes256Gcm), ..Default::default() };
    let recipients = [world().identity.public().into()];
    let sealed = envelope::encrypt(b"payload", &recipients, &options, &mut rng()).expect("it encrypts");
    seeds.push(("envelope-identity".into(), sealed));
    let holders = [world().identity.public().clone()];
    let recipients = [Recipient::Shares(&world().set, &holders)];
    let sealed = envelope::encrypt(b"payload", &recipients, &options, &mut rng()).expect("it encrypts");
    seeds.push(("envelope-shares".into(), sealed));
    let scope = keyring.scope_identity().expect("it has a primary version");
    let sealed = envelope::encrypt(b"payload", &[(&scope).into()], &options, &mut rng()).expect("it encrypts");
    seeds.push(("envelope-scope".into(), sealed));
    let recipients = [Recipient::External(&world().token), keyring.into()];
    let sealed = envelope::encrypt(b"payload", &recipients, &options, &mut rng()).expect("it encrypts");
    seeds.push(("envelope-external".into(), sealed));
    let sealed = keyring.seal(&[keyring.into()], Metadata::default(), &mut rng()).expect("it encrypts");
    seeds.push(("envelope-keyring".into(), sealed));
    seeds
}

fn headers() -> Seeds {
    let forge = &world().forge;
    let metadata = [&[forge.header()[0] + 1], &forge.header()[1..], b"\x03\xa2\x61b\x612\x62aa\x611"].concat();
    let unknown = b"\xa2\x01\x18\x63\x02\x81\x82\x18\x4d\x43abc".to_vec();
    vec![
        ("header".into(), forge.header().to_vec()),
        ("header-keyring".into(), forge.keyring_header()),
        ("header-metadata".into(), metadata),
        ("header-unknown".into(), unknown),
    ]
}

fn identities() -> Seeds {
    let identity = &world().identity;
    vec![
        ("public".into(), identity.public().to_string().into_bytes()),
        ("public-bytes".into(), identity.public().to_bytes().to_vec()),
        ("secret".into(), identity.expose_text().as_bytes().to_vec()),
        ("scope".into(), world().keyring.scope_identity().expect("it has a primary version").to_string().into_bytes()),
        ("verifying".into(), world().granter.verifying_key().to_string().into_bytes()),
        ("signing".into(), world().granter.expose_text().as_bytes().to_vec()),
    ]
}

fn grants() -> Seeds {
    let scope = world().keyring.scope(["acme", "users"]).expect("a scope");
    let terms = |actions| Terms {
        actions,
        from: Timestamp(1_790_000_000),
        until: Timestamp(1_790_000_060),
        purpose: "a purpose".into(),
        granter_name: "Grace".into(),
        recipient_name: "Ada".into(),
    };
    let sealed = |actions| {
        let recipients = [world().identity.public().into()];
        grant::seal(&scope, &terms(actions), &world().granter, &recipients, &mut rng()).expect("it can be granted")
    };
    // A payload as describe it; its signature is nobody's.
    let granter = world().granter.verifying_key().to_bytes();
    let identity = scope.scope_identity().expect("it has a primary version").to_bytes();
    let statement = [
        b"\xa9\x01\x50".as_slice(),
        &[9; 16],
        b"\x02\x58\x21",
        &granter,
        b"\x03\x01\x04\x82\x64acme\x65users\x05\x05\x06\x07\x07\x60\x08\x82\x60\x60\x09\x59\x04\xc4",
        &identity,
    ]
    .concat();
    let len = (statement.len() as u16).to_be_bytes();
    let payload = [b"\x82\x59".as_slice(), &len, &statement, b"\x58\x40", &[0; 64]].concat();
    vec![
        ("encrypt".into(), sealed(Actions::Encrypt)),
        ("decrypt".into(), sealed(Actions::Decrypt)),
        ("both".into(), sealed(Actions::Both)),
        ("payload".into(), payload),
    ]
}

fn shares() -> Seeds {
    let texts: Vec<String> = world().set.shares().iter().map(|share| share.expose_text().to_string()).collect();
    vec![
        ("one".into(), texts[2].clone().into_bytes()),
        ("two".into(), texts[..2].join("\n").into_bytes()),
        ("three".into(), texts.join("\n").into_bytes()),
    ]
}

/// Payloads as S-1 and S-2 describe them.
fn keyrings() -> Seeds {
    let version = |id: u8, state: u8| {
        let secret = if state == 3 { vec![0xF6] } else { [&[0x58, 0x20][..], &[id; 32]].concat() };
        [&[0x84, 0x44][..], &[id; 4], &[0x1A, 0x6A, 0xB1, 0x2B, 0x80, state], &secret].concat()
    };
    let payload = |path: &[u8], versions: &[Vec<u8>]| {
        let count = 0x80 + versions.len() as u8;
        [b"\xa3\x01\x68balanced\x02", path, &[3, count], &versions.concat()].concat()
    };
    vec![
        ("one".into(), payload(&[0x80], &[version(1, 1)])),
        ("three".into(), payload(&[0x80], &[version(1, 3), version(2, 2), version(3, 1)])),
        ("narrowed".into(), payload(b"\x82\x64acme\x65users", &[version(1, 2), version(2, 1)])),
    ]
}

fn streams() -> Seeds {
    let keyring = &world().keyring;
    let options = Options { suite: Some(Suite::Aes256Gcm), ..Default::default() };
    [("empty", 0), ("short", 9), ("full", 16_384), ("two", 16_385)]
        .map(|(name, len)| {
            let new = envelope::create(&[keyring.into()], &options, &mut rng()).expect("one recipient");
            let (prefix, stream) = new.into_stream();
            assert_eq!(prefix, world().prefix);
            let mut chunks = vec![40];
            stream.finish(&vec![7; len], &mut chunks).expect("it is short");
            (format!("stream-{name}"), chunks)
        })
        .to_vec()
}
