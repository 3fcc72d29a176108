//! What a recipient, or a thief of one key, could make of a grant.

use super::*;

#[test]
fn a_recipient_cannot_pass_it_on_or_change_it() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Hybrid] {
        let world = world(Actions::Decrypt, algorithm);
        let (header, payload) = world.parts();
        let mallory = person();
        let for_mallory = world.resealed(&payload, &[mallory.public().into()]);
        let trusted = [world.grace.verifying_key().clone()];
        let opened = open(&for_mallory, &[(&mallory).into()], &trusted, NOW, &ReadLimits::default());
        assert_eq!(code(opened), "forged_grant");
        assert_eq!(
            code(world.open_sealed(&world.resealed(&payload, &[world.ada.public().into()]), NOW)),
            "forged_grant"
        );

        let rewritten = |statement: &Statement, signature: &[u8]| {
            let payload = Payload { statement: Zeroizing::new(statement.encode()), signature: signature.to_vec() };
            self_addressed(&world, &payload)
        };
        let changed = |change: &dyn Fn(&mut Statement)| {
            let mut statement = Statement::parse(&payload.statement).unwrap();
            change(&mut statement);
            rewritten(&statement, &payload.signature)
        };
        assert_eq!(code(world.open_sealed(&changed(&|_| {}), NOW)), "valid", "the same content in another message");
        let changes: [&dyn Fn(&mut Statement); 7] = [
            &|statement| statement.terms.until.0 += 1,
            &|statement| statement.terms.from.0 -= 1,
            &|statement| statement.terms.actions = Actions::Both,
            &|statement| statement.terms.purpose.push('!'),
            &|statement| statement.terms.recipient_name = String::from("Mallory"),
            &|statement| statement.id.0[0] ^= 1,
            &|statement| statement.keys = other_keys(),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            assert_eq!(code(world.open_sealed(&changed(change), NOW)), "forged_grant", "change {at}");
        }
        // Mallory signs the same statement as her own: it is hers then, and nobody trusts her.
        let mallorys = granter(algorithm);
        let resigned = changed(&|statement| statement.granter = mallorys.verifying_key().to_bytes());
        assert_eq!(code(world.open_sealed(&resigned, NOW)), "forged_grant");
        let mut statement = Statement::parse(&payload.statement).unwrap();
        statement.granter = mallorys.verifying_key().to_bytes();
        let signature = mallorys.sign(&signed(&header, &statement.encode()), &mut SysRng).unwrap();
        assert_eq!(code(world.open_sealed(&rewritten(&statement, &signature), NOW)), "untrusted_granter");
    }
}

/// The signature of a granter with two algorithms counts by both, whatever the statement calls her key.
#[test]
fn a_hybrid_signature_is_not_downgraded() {
    let world = world(Actions::Decrypt, Algorithm::Hybrid);
    let (header, payload) = world.parts();
    let statement = || Statement::parse(&payload.statement).unwrap();
    let open = |statement: &Statement, signature: &[u8]| {
        let payload = Payload { statement: Zeroizing::new(statement.encode()), signature: signature.to_vec() };
        code(world.open_sealed(&self_addressed(&world, &payload), NOW))
    };
    assert_eq!(open(&statement(), &payload.signature), "valid");
    assert_eq!(open(&statement(), &payload.signature[..64]), "forged_grant");
    assert_eq!(open(&statement(), &[]), "forged_grant");
    let zeros = [&payload.signature[..64], &vec![0; payload.signature.len() - 64]].concat();
    assert_eq!(open(&statement(), &zeros), "forged_grant");
    // Whoever breaks Ed25519 alone, and has its key, makes a grant of that half: it is another granter's.
    let broken = ed25519_half(&world.grace);
    let mut half = statement();
    half.granter = [&[1], &world.grace.verifying_key().to_bytes()[1..33]].concat();
    let message = signed(&header, &half.encode());
    assert_eq!(open(&half, &broken(&message)), "untrusted_granter");
    assert_eq!(
        open(&statement(), &[&broken(&signed(&header, &payload.statement))[..], &zeros[64..]].concat()),
        "forged_grant"
    );
}

/// The algorithms may be in another instance than the keys: what goes between them is one message, and nothing else is signed.
#[test]
fn signatures_from_elsewhere() {
    use crate::hazmat::{UnsignedGrant, UnverifiedGrant, sign_grant, verify_grant};
    for algorithm in [Algorithm::Ed25519, Algorithm::Hybrid] {
        let World { keyring, grace, ada, .. } = world(Actions::Both, algorithm);
        let (terms, key) = (terms(Actions::Both), grace.verifying_key().to_bytes());
        let draft = UnsignedGrant::draft(&mut SysRng).unwrap();
        let unsigned = UnsignedGrant::new(draft, &keyring, &terms, &key, &[ada.public().into()], &mut SysRng).unwrap();
        let signature = sign_grant(&grace, &unsigned.expose_message(), &mut SysRng).unwrap();
        let sealed = unsigned.seal(signature).unwrap();
        let trusted = [grace.verifying_key().clone()];
        assert!(open(&sealed, &[(&ada).into()], &trusted, NOW, &ReadLimits::default()).is_ok());

        let read = UnverifiedGrant::read(&sealed, &[(&ada).into()], &ReadLimits::default()).unwrap();
        let verify = |granter: &[u8], message: &[u8]| code(verify_grant(granter, message, read.signature()));
        assert_eq!(verify(read.granter(), read.expose_message()), "valid");
        assert_eq!(verify(read.granter(), &read.expose_message()[1..]), "forged_grant");
        assert_eq!(verify(&granter(algorithm).verifying_key().to_bytes(), read.expose_message()), "forged_grant");
        assert_eq!(verify(&read.granter()[1..], read.expose_message()), "non_canonical");
        assert_eq!(code(sign_grant(&grace, b"pay Mallory", &mut SysRng)), "non_canonical");
        assert_eq!(read.verified().unwrap().terms(), &terms);
    }
}

/// A message in place of the grant's own, under the very header: what someone who has its file key can write.
fn self_addressed(world: &World, payload: &Payload) -> Vec<u8> {
    envelope::tests::with_message(Content::Grant, &world.sealed, (&world.ada).into(), &payload.encode())
}

fn other_keys() -> Zeroizing<Vec<u8>> {
    root().scope(SCOPE).unwrap().to_payload().unwrap()
}

/// What signs by the Ed25519 half of a granter's key.
fn ed25519_half(granter: &SigningKey) -> impl Fn(&[u8]) -> Vec<u8> {
    move |message| granter.sign(message, &mut SysRng).unwrap()[..64].to_vec()
}
