//! Cases of grants, and of the keys that sign them.

use std::error::Error;

use ed25519_dalek::Signer as _;
use fortress::{
    Keyring, Timestamp,
    envelope::Recipient,
    grant::{self, Actions, Algorithm, SigningKey, Terms, VerifyingKey},
    identity::{ScopeIdentity, SecretIdentity},
};
use serde_json::{Value, json};

use crate::{
    cases::{Case, extend, file, flip, overwrite, rng},
    headers::{Forge, expand},
    identities::{bech32m, identity},
    keyrings::World,
};

const SCOPE: [&str; 2] = ["acme", "users"];
const FROM: u64 = 1_790_000_000;
const UNTIL: u64 = FROM + 7 * 86_400;
const VALUE: &[u8] = b"ada@example.org";

fn granter(name: &str, algorithm: Algorithm) -> Result<SigningKey, Box<dyn Error>> {
    Ok(SigningKey::generate(algorithm, &mut rng(&format!("granter {name}")))?)
}

pub(crate) fn keys() -> Result<Value, Box<dyn Error>> {
    let mut cases = Vec::new();
    for (name, algorithm) in [("grace", Algorithm::Ed25519), ("edsger", Algorithm::Hybrid)] {
        let key = granter(name, algorithm)?;
        let verifying = key.verifying_key();
        cases.push(
            Case::new(name)
                .with("signing", key.expose_text().as_str())
                .with("verifying", verifying.to_string())
                .with("id", verifying.id().to_string())
                .with("key", hex::encode(verifying.to_bytes()))
                .valid(),
        );
    }
    let (one, both) = (granter("grace", Algorithm::Ed25519)?, granter("edsger", Algorithm::Hybrid)?);
    let [bytes, long] = [&one, &both].map(|key| key.verifying_key().to_bytes());
    let text = |bytes: &[u8]| bech32m("fortress-verifying-key-", bytes);
    let with = |number: u8, key: &[u8]| text(&[&[number], key].concat());
    let order_8 = hex::decode("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")?;
    let beyond = [&[0xEE][..], &[0xFF; 30], &[0x7F]].concat();
    let no_point = [&[2][..], &[0; 31]].concat();
    let good = text(&bytes);
    let bad: [(&str, String); 17] = [
        ("uppercase", good.to_uppercase()),
        ("a character short", good[..good.len() - 1].into()),
        ("a line break behind", format!("{good}\n")),
        ("another prefix", good.replace("verifying", "vertifying")),
        ("an identity", identity("ada")?.public().to_string()),
        ("the signing key in its place", one.expose_text().to_string()),
        ("algorithm 0", with(0, &bytes[1..])),
        ("algorithm 3", with(3, &bytes[1..])),
        ("one key that says two", with(2, &bytes[1..])),
        ("two keys that say one", with(1, &long[1..])),
        ("a byte short", text(&bytes[..32])),
        ("a byte long", text(&extend(&bytes, &[0]))),
        ("two keys, a byte short", text(&long[..long.len() - 1])),
        ("two keys, a byte long", text(&extend(&long, &[0]))),
        ("a point of order 8", with(1, &order_8)),
        ("a point that is not reduced", with(1, &beyond)),
        ("no point", with(1, &no_point)),
    ];
    for (name, text) in bad {
        cases.push(Case::new(&format!("verifying, {name}")).with("verifying", text).invalid("invalid_signing_key"));
    }
    let secret = one.expose_text();
    let signing = |bytes: &[u8]| bech32m("fortress-signing-key-", bytes).to_uppercase();
    let bad: [(&str, String); 7] = [
        ("lowercase", secret.to_lowercase()),
        ("a character short", secret[..secret.len() - 1].into()),
        ("the verifying key in its place", good),
        ("algorithm 0", signing(&extend(&[0], one.expose_secret()))),
        ("algorithm 3", signing(&extend(&[3], one.expose_secret()))),
        ("of 31 bytes", signing(&extend(&[1], &one.expose_secret()[1..]))),
        ("without its algorithm", signing(one.expose_secret())),
    ];
    for (name, text) in bad {
        cases.push(Case::new(&format!("signing, {name}")).with("signing", text).invalid("invalid_signing_key"));
    }
    Ok(file(
        "The keys that sign grants (A-1, A-3): the texts of a signing key and of the verifying key that belongs to it.",
        cases,
    ))
}

fn terms(actions: Actions) -> Terms {
    Terms {
        actions,
        from: Timestamp(FROM),
        until: Timestamp(UNTIL),
        purpose: "answering tickets".into(),
        granter_name: "Grace".into(),
        recipient_name: "Ada".into(),
    }
}

/// Who is there in every case.
struct Cast {
    ada: SecretIdentity,
    mallory: SecretIdentity,
    grace: SigningKey,
    edsger: SigningKey,
    keyring: Keyring,
}

impl Cast {
    fn case(&self, name: &str, granter: &SigningKey, sealed: &[u8]) -> Case {
        Case::new(name)
            .with("identity", self.ada.expose_text().as_str())
            .with("trusted", json!([granter.verifying_key().to_string()]))
            .with("now", FROM)
            .with("grant", hex::encode(sealed))
    }
}

pub(crate) fn family(world: &World) -> Result<Value, Box<dyn Error>> {
    let cast = Cast {
        ada: identity("ada")?,
        mallory: identity("mallory")?,
        grace: granter("grace", Algorithm::Ed25519)?,
        edsger: granter("edsger", Algorithm::Hybrid)?,
        keyring: world.main.scope(SCOPE)?,
    };
    let mut cases = Vec::new();
    valid(&cast, &mut cases)?;
    refused(&cast, &mut cases)?;
    exchanged(&cast, &mut cases)?;
    malformed(&cast, world, &mut cases)?;
    Ok(file(
        "Grants (A-4 to A-8), opened by a secret identity, with the granters that are trusted and the time. A grant to decrypt opens the token, one to encrypt holds the identity of the scope.",
        cases,
    ))
}

fn valid(cast: &Cast, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let Cast { ada, mallory, grace, edsger, keyring } = cast;
    let named = terms(Actions::Both);
    let nameless = Terms {
        purpose: String::new(),
        granter_name: String::new(),
        recipient_name: String::new(),
        ..terms(Actions::Decrypt)
    };
    let long = Terms { purpose: "é".repeat(512), until: Timestamp(Timestamp::MAX), ..terms(Actions::Decrypt) };
    let one: &[Recipient<'_>] = &[ada.public().into()];
    let two: &[Recipient<'_>] = &[mallory.public().into(), ada.public().into()];
    let grants = [
        ("to decrypt", grace, terms(Actions::Decrypt), one),
        ("to encrypt", grace, terms(Actions::Encrypt), one),
        ("to do both", grace, named, one),
        ("to decrypt, signed by both algorithms", edsger, terms(Actions::Decrypt), one),
        ("to encrypt, signed by both algorithms", edsger, terms(Actions::Encrypt), one),
        ("for two", grace, terms(Actions::Decrypt), two),
        ("nameless", grace, nameless, one),
        ("until the year 9999, for a purpose as long as can be", edsger, long, one),
    ];
    for (name, granter, terms, recipients) in grants {
        let sealed = grant::seal(keyring, &terms, granter, recipients, &mut rng(&format!("grant {name}")))?;
        let said = json!({
            "granter": granter.verifying_key().id().to_string(),
            "actions": terms.actions.name(),
            "path": SCOPE,
            "from": terms.from.0,
            "until": terms.until.0,
            "purpose": terms.purpose,
            "granter_name": terms.granter_name,
            "recipient_name": terms.recipient_name,
        });
        let case = cast.case(name, granter, &sealed).with("terms", said);
        let token = keyring.encrypt(VALUE, &Default::default(), &mut rng("granted token"))?;
        let case = if terms.actions.allow(Actions::Decrypt) {
            case.with("token", fortress::token::encode_text(&token)).with("value", hex::encode(VALUE))
        } else {
            case.with("scope_identity", keyring.scope_identity()?.to_string())
        };
        cases.push(case.clone().valid());
        if name == "to decrypt" {
            cases.push(case.clone().named("in its last second").with("now", UNTIL - 1).valid());
            let trusted = [edsger, granter].map(|granter| granter.verifying_key().to_string());
            cases.push(case.named("several are trusted").with("trusted", json!(trusted)).valid());
        }
    }
    Ok(())
}

/// Whole grants in the wrong hands or at the wrong time.
fn refused(cast: &Cast, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let Cast { ada, mallory, grace, edsger, keyring } = cast;
    let recipients = [ada.public().into()];
    let by = |granter: &SigningKey| {
        grant::seal(keyring, &terms(Actions::Decrypt), granter, &recipients, &mut rng("grant refused"))
    };
    let (sealed, hybrid) = (by(grace)?, by(edsger)?);
    let case = |name: &str| cast.case(name, grace, &sealed);
    cases.push(case("a second before it begins").with("now", FROM - 1).invalid("grant_not_yet_valid"));
    cases.push(case("at its end").with("now", UNTIL).invalid("grant_expired"));
    cases.push(case("long after its end").with("now", u64::MAX >> 11).invalid("grant_expired"));
    cases.push(case("nobody is trusted").with("trusted", json!([])).invalid("untrusted_granter"));
    let edsgers = json!([edsger.verifying_key().to_string()]);
    cases.push(case("another is trusted").with("trusted", edsgers).invalid("untrusted_granter"));
    let half = VerifyingKey::from_bytes(&[&[1], &edsger.verifying_key().to_bytes()[1..33]].concat())?;
    let half = cast.case("half of its granter is trusted", edsger, &hybrid).with("trusted", json!([half.to_string()]));
    cases.push(half.invalid("untrusted_granter"));
    cases.push(case("for somebody else").with("identity", mallory.expose_text().as_str()).invalid("wrong_recipient"));
    cases
        .push(case("cut off").with("grant", hex::encode(&sealed[..sealed.len() - 1])).invalid("authentication_failed"));
    cases.push(case("cut in its header").with("grant", hex::encode(&sealed[..500])).invalid("truncated"));
    for (name, at) in [("wrapped file key", 1_000), ("header MAC", 9 + header_len(&sealed) as isize), ("message", -30)]
    {
        cases.push(
            case(&format!("{name} flipped"))
                .with("grant", hex::encode(flip(&sealed, at)))
                .invalid("authentication_failed"),
        );
    }
    let keyring = keyring.seal(&recipients, Default::default(), &mut rng("a keyring for ada"))?;
    cases.push(case("a sealed keyring").with("grant", hex::encode(keyring)).invalid("wrong_content"));
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

/// The signature of A-2 by each algorithm alone: what someone has who broke the other.
fn ed25519(granter: &SigningKey, message: &[u8]) -> Vec<u8> {
    let name = if granter.algorithm() == Algorithm::Hybrid { "hybrid Ed25519" } else { "Ed25519" };
    let seed = expand(granter.expose_secret(), format!("fortress-sdk/signing@v1\0{name}").as_bytes(), 32);
    let seed: [u8; 32] = std::array::from_fn(|at| seed[at]);
    ed25519_dalek::SigningKey::from_bytes(&seed).sign(message).to_bytes().to_vec()
}

fn ml_dsa(granter: &SigningKey, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let seed = expand(granter.expose_secret(), b"fortress-sdk/signing@v1\0hybrid ML-DSA-65", 32);
    let key = ml_dsa::ExpandedSigningKey::<ml_dsa::MlDsa65>::from_seed(&ml_dsa::Seed::try_from(&seed[..])?);
    Ok(key.sign_deterministic(message, &[])?.encode().to_vec())
}

fn payload(statement: &[u8], signature: &[u8]) -> Vec<u8> {
    [&[0x82][..], &bytes(statement), &bytes(signature)].concat()
}

/// What someone can make who has opened a grant, or has one of its granter's keys.
fn exchanged(cast: &Cast, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
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
fn malformed(cast: &Cast, world: &World, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
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

/// The same signature with the group's order added to S, as no signer writes it.
fn overwrite_s(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    let sum = signature[32..].iter().zip(ORDER).map(|(&byte, order)| {
        let sum = u16::from(byte) + u16::from(order) + carry;
        carry = sum >> 8;
        sum as u8
    });
    let sum: Vec<u8> = sum.collect();
    overwrite(signature, 32, &sum)
}

fn header_len(envelope: &[u8]) -> usize {
    envelope[5..9].iter().fold(0, |len, &byte| len << 8 | usize::from(byte))
}

fn unsigned(n: u64) -> Vec<u8> {
    match u32::try_from(n) {
        Ok(n) => [&[0x1A][..], &n.to_be_bytes()].concat(),
        Err(_) => [&[0x1B][..], &n.to_be_bytes()].concat(),
    }
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    [&head(0x40, bytes.len())[..], bytes].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&head(0x60, text.len())[..], text.as_bytes()].concat()
}

fn head(major: u8, len: usize) -> Vec<u8> {
    match len {
        0..24 => vec![major | len as u8],
        24..256 => vec![major | 24, len as u8],
        _ => [&[major | 25][..], &(len as u16).to_be_bytes()].concat(),
    }
}
