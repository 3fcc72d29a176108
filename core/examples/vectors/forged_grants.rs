//! Cases of grants that the core would not write: what a recipient, or a thief of one key, could make of one.

use std::error::Error;

use fortress::{
    Keyring, Timestamp,
    grant::{Algorithm, SigningKey},
    identity::{ScopeIdentity, SecretIdentity},
};
use serde_json::{Value, json};

use crate::{
    cases::{Case, extend, flip, rng},
    cbor::{bytes, text, unsigned},
    grants::{Cast, FROM, SCOPE, UNTIL, VALUE},
    headers::Forge,
    keyrings::World,
    signing::{ed25519, granter, ml_dsa, overwrite_s},
};

/// What someone can make who has opened a grant, or has one of its granter's keys.
pub(crate) fn exchanged(cast: &Cast, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let Cast { ada, mallory, grace, edsger, keyring } = cast;
    let envelope = Envelope::new("exchanged grant", ada)?;
    let keys = keyring_payload(keyring);
    for granter in [grace, edsger] {
        let which = granter.algorithm().name();
        let statement = Statement::new(granter, 2, &keys);
        let encoded = statement.encode();
        let message = envelope.signed(&encoded)?;
        let hybrid = granter.algorithm() == Algorithm::Hybrid;
        let sign = |message: &[u8]| -> Result<Vec<u8>, Box<dyn Error>> {
            let second = if hybrid { ml_dsa(granter, message)? } else { vec![] };
            Ok([ed25519(granter, message), second].concat())
        };
        let signature = sign(&message)?;
        let case = |name: &str, statement: &[u8], signature: &[u8]| -> Result<Case, Box<dyn Error>> {
            let sealed = envelope.seal(&payload(statement, signature))?;
            Ok(cast.case(&format!("by {which}: {name}"), granter, &sealed))
        };
        let told = json!({
            "granter": granter.verifying_key().id().to_string(), "actions": "decrypt", "path": SCOPE, "from": FROM, "until": UNTIL,
            "purpose": "answering tickets", "granter_name": "Grace", "recipient_name": "Ada",
        });
        let token = keyring.encrypt(VALUE, &Default::default(), &mut rng("granted token"))?;
        cases.push(
            case("made by hand, and right", &encoded, &signature)?
                .with("terms", told)
                .with("token", fortress::token::encode_text(&token))
                .with("value", hex::encode(VALUE))
                .valid(),
        );
        let changes: [(&str, Statement); 6] = [
            ("another id", Statement { id: bytes(&[8; 16]), ..statement.clone() }),
            ("another action", Statement { actions: vec![3], ..statement.clone() }),
            ("an earlier beginning", Statement { from: unsigned(FROM - 1), ..statement.clone() }),
            ("a later end", Statement { until: unsigned(UNTIL + 1), ..statement.clone() }),
            ("another purpose", Statement { purpose: text("answering tickets!"), ..statement.clone() }),
            (
                "another name",
                Statement { names: [&[0x82][..], &text("Grace"), &text("Eve")].concat(), ..statement.clone() },
            ),
        ];
        for (name, changed) in changes {
            cases.push(case(name, &changed.encode(), &signature)?.invalid("forged_grant"));
        }
        for (name, signature) in [
            ("no signature", vec![]),
            ("a signature a byte short", signature[..signature.len() - 1].to_vec()),
            ("a signature a byte long", extend(&signature, &[0])),
            ("the first byte of the signature flipped", flip(&signature, 0)),
            ("the last byte of the signature flipped", flip(&signature, -1)),
            ("a signature of zeros", vec![0; signature.len()]),
            ("a signature of the statement alone", sign(&encoded)?),
            ("a signature without its label", sign(&message[22..])?),
            ("S not reduced", [&overwrite_s(&signature[..64])[..], &signature[64..]].concat()),
        ] {
            cases.push(case(name, &encoded, &signature)?.invalid("forged_grant"));
        }
        // For somebody else, by a recipient.
        let forwarded = Envelope::new("forwarded grant", mallory)?.seal(&payload(&encoded, &signature))?;
        let forwarded = cast.case(&format!("by {which}: sealed for another recipient"), granter, &forwarded);
        cases.push(forwarded.with("identity", mallory.expose_text().as_str()).invalid("forged_grant"));
    }

    // Whoever broke one algorithm of a granter who has two.
    let statement = Statement::new(edsger, 2, &keys).encode();
    let message = envelope.signed(&statement)?;
    let (first, second) = (ed25519(edsger, &message), ml_dsa(edsger, &message)?);
    let case = |name: &str, statement: &[u8], signature: &[u8]| -> Result<Case, Box<dyn Error>> {
        Ok(cast.case(&format!("downgraded: {name}"), edsger, &envelope.seal(&payload(statement, signature))?))
    };
    cases.push(case("Ed25519 alone", &statement, &first)?.invalid("forged_grant"));
    cases.push(case("ML-DSA-65 alone", &statement, &second)?.invalid("forged_grant"));
    cases.push(case("Ed25519 and zeros", &statement, &extend(&first, &vec![0; second.len()]))?.invalid("forged_grant"));
    cases.push(
        case("zeros and ML-DSA-65", &statement, &[vec![0; 64], second.clone()].concat())?.invalid("forged_grant"),
    );
    cases.push(case("in the other order", &statement, &[&second[..], &first].concat())?.invalid("forged_grant"));
    let half = bytes(&[&[1], &edsger.verifying_key().to_bytes()[1..33]].concat());
    let halved = Statement { granter: half, ..Statement::new(edsger, 2, &keys) }.encode();
    let signature = ed25519(edsger, &envelope.signed(&halved)?);
    cases.push(case("as a granter of Ed25519 alone", &halved, &signature)?.invalid("untrusted_granter"));
    let mallorys = granter("mallory", Algorithm::Ed25519)?;
    let stolen = Statement::new(&mallorys, 2, &keys).encode();
    let signature = ed25519(&mallorys, &envelope.signed(&stolen)?);
    let case = cast.case("signed by a recipient as her own", grace, &envelope.seal(&payload(&stolen, &signature))?);
    cases.push(case.invalid("untrusted_granter"));
    Ok(())
}

/// Payloads that are signed, and not of their layout.
pub(crate) fn malformed(cast: &Cast, world: &World, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let Cast { ada, grace, keyring, .. } = cast;
    let envelope = Envelope::new("malformed grant", ada)?;
    let keys = keyring_payload(keyring);
    let scope_identity: [u8; 1_220] = keyring.scope_identity()?.to_bytes();
    assert!(ScopeIdentity::from_bytes(&scope_identity).is_ok());
    let statement = Statement::new(grace, 2, &keys);
    let both = granter("edsger", Algorithm::Hybrid)?.verifying_key().to_bytes();
    let beside = keyring_payload(&world.main.scope(["acme", "orders"])?);
    let with = |change: &dyn Fn(&mut Statement)| {
        let mut changed = statement.clone();
        change(&mut changed);
        changed.encode()
    };
    let encoded = statement.encode();
    let statements: Vec<(&str, Vec<u8>)> = vec![
        ("an id of 15 bytes", with(&|s| s.id = bytes(&[7; 15]))),
        ("a granter of algorithm 0", with(&|s| s.granter = bytes(&[0; 33]))),
        ("a granter a byte short", with(&|s| s.granter = bytes(&grace.verifying_key().to_bytes()[..32]))),
        ("a granter of two keys, cut", with(&|s| s.granter = bytes(&both[..500]))),
        ("a granter of small order", with(&|s| s.granter = bytes(&[&[1, 1][..], &[0; 31]].concat()))),
        ("action 0", with(&|s| s.actions = vec![0])),
        ("action 4", with(&|s| s.actions = vec![4])),
        ("an action that is not shortest", with(&|s| s.actions = vec![0x18, 2])),
        ("an empty path", with(&|s| s.path = vec![0x80])),
        ("an empty segment", with(&|s| s.path = b"\x82\x64acme\x60".to_vec())),
        ("17 segments", with(&|s| s.path = [&[0x91][..], &b"\x61a".repeat(17)].concat())),
        ("another path than the keyring's", with(&|s| s.path = b"\x82\x64acme\x66orders".to_vec())),
        ("a path above the keyring's", with(&|s| s.path = b"\x81\x64acme".to_vec())),
        ("the keyring of another scope", with(&|s| s.keys = bytes(&beside))),
        ("the keyring that is not narrowed", with(&|s| s.keys = bytes(&keyring_payload(&world.main)))),
        ("an end at its beginning", with(&|s| s.until = unsigned(FROM))),
        ("an end before its beginning", with(&|s| s.until = unsigned(FROM - 1))),
        ("an end after the year 9999", with(&|s| s.until = unsigned(Timestamp::MAX + 1))),
        ("a purpose of 1,025 bytes", with(&|s| s.purpose = text(&"a".repeat(1_025)))),
        ("a name of 256 bytes", with(&|s| s.names = [&[0x82][..], &text(&"a".repeat(256)), &text("")].concat())),
        ("one name", with(&|s| s.names = [&[0x81][..], &text("Grace")].concat())),
        ("three names", with(&|s| s.names = [&[0x83][..], &text("a"), &text("b"), &text("c")].concat())),
        ("the identity of a scope to decrypt by", with(&|s| s.keys = bytes(&scope_identity))),
        ("a keyring to encrypt by", with(&|s| s.actions = vec![1])),
        ("no keys", with(&|s| s.keys = bytes(b""))),
        ("a keyring with a byte behind it", with(&|s| s.keys = bytes(&extend(&keys, &[0])))),
        (
            "an identity of a scope, a byte short",
            with(&|s| (s.actions, s.keys) = (vec![1], bytes(&scope_identity[..1_219]))),
        ),
        ("an entry missing", [&[0xA8][..], &encoded[1..encoded.len() - statement.keys.len() - 1]].concat()),
        ("an entry more", [&[0xAA][..], &encoded[1..], &[10, 0]].concat()),
        (
            "entries in another order",
            [
                &[0xA9, 2][..],
                &statement.granter,
                &[1],
                &statement.id,
                &encoded[1 + 1 + 17 + 1 + statement.granter.len()..],
            ]
            .concat(),
        ),
        ("a byte behind it", extend(&encoded, &[0])),
        ("nothing", vec![]),
    ];
    for (name, encoded) in statements {
        let signature = ed25519(grace, &envelope.signed(&encoded)?);
        let sealed = envelope.seal(&payload(&encoded, &signature))?;
        cases.push(cast.case(&format!("signed, and malformed: {name}"), grace, &sealed).invalid("non_canonical"));
    }
    let signature = ed25519(grace, &envelope.signed(&encoded)?);
    let good = payload(&encoded, &signature);
    let payloads: [(&str, Vec<u8>); 6] = [
        ("an array of one", [&[0x81][..], &bytes(&encoded)].concat()),
        ("an array of three", [&[0x83][..], &good[1..], &[0x40]].concat()),
        ("a byte behind it", extend(&good, &[0])),
        ("a signature that is text", [&[0x82][..], &bytes(&encoded), &text("signature")].concat()),
        ("a statement that is not in a byte string", [&[0x82][..], &encoded, &bytes(&signature)].concat()),
        ("nothing", vec![]),
    ];
    for (name, payload) in payloads {
        let sealed = envelope.seal(&payload)?;
        cases.push(cast.case(&format!("malformed payload: {name}"), grace, &sealed).invalid("non_canonical"));
    }
    Ok(())
}

/// A statement and its parts, as the core writes them, to be changed.
#[derive(Clone)]
struct Statement {
    id: Vec<u8>,
    granter: Vec<u8>,
    actions: Vec<u8>,
    path: Vec<u8>,
    from: Vec<u8>,
    until: Vec<u8>,
    purpose: Vec<u8>,
    names: Vec<u8>,
    keys: Vec<u8>,
}

impl Statement {
    fn new(granter: &SigningKey, actions: u8, keys: &[u8]) -> Statement {
        Statement {
            id: bytes(&[7; 16]),
            granter: bytes(&granter.verifying_key().to_bytes()),
            actions: vec![actions],
            path: b"\x82\x64acme\x65users".to_vec(),
            from: unsigned(FROM),
            until: unsigned(UNTIL),
            purpose: text("answering tickets"),
            names: [&[0x82][..], &text("Grace"), &text("Ada")].concat(),
            keys: bytes(keys),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let Statement { id, granter, actions, path, from, until, purpose, names, keys } = self;
        let entries = [id, granter, actions, path, from, until, purpose, names, keys];
        let entries = (1_u8..).zip(entries).flat_map(|(key, value)| [&[key], &value[..]].concat());
        [0xA9].into_iter().chain(entries).collect()
    }
}

/// An envelope of content `grant` whose file key is known.
struct Envelope {
    forge: Forge,
    header: Vec<u8>,
}

impl Envelope {
    fn new(name: &str, recipient: &SecretIdentity) -> Result<Envelope, Box<dyn Error>> {
        let forge = Forge::with(name, &[recipient.public().into()])?;
        let header = Forge::header(&[(1, &[2]), (2, &forge.recipients), (4, &text("grant"))]);
        Ok(Envelope { forge, header })
    }

    /// What A-6 signs.
    fn signed(&self, statement: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        let sealed = self.forge.seal(&self.header, b"")?;
        let prefix = &sealed[..9 + self.header.len() + 32];
        Ok([&b"fortress-sdk/grant@v1\0"[..], prefix, statement].concat())
    }

    fn seal(&self, payload: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        self.forge.seal(&self.header, payload)
    }
}

fn payload(statement: &[u8], signature: &[u8]) -> Vec<u8> {
    [&[0x82][..], &bytes(statement), &bytes(signature)].concat()
}

/// The payload of a sealed keyring, S-1 and S-2.
fn keyring_payload(keyring: &Keyring) -> Vec<u8> {
    let versions = keyring.versions().map(|version| {
        let (number, secret) = match version.state {
            fortress::VersionState::Primary => (1, keyring.expose_secret(version.id)),
            fortress::VersionState::DecryptOnly => (2, keyring.expose_secret(version.id)),
            fortress::VersionState::Destroyed => (3, None),
        };
        let secret = secret.map_or(vec![0xF6], |secret| bytes(secret));
        [&[0x84][..], &bytes(&version.id.0), &unsigned(version.created.0), &[number], &secret].concat()
    });
    let path: Vec<u8> = keyring.path().iter().flat_map(|segment| text(segment)).collect();
    let count = keyring.versions().len() as u8;
    [
        &[0xA3, 1][..],
        &text(keyring.profile().name()),
        &[2, 0x80 | keyring.path().len() as u8],
        &path,
        &[3, 0x80 | count],
        &versions.collect::<Vec<_>>().concat(),
    ]
    .concat()
}
