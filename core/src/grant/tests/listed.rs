//! A grant among other identities: what it does not open, they do.

use super::*;
use crate::envelope::{Keep, RewrapOptions};

#[test]
fn a_grant_out_of_its_time_stands_in_nobodys_way() {
    let world = world(Actions::Both, Algorithm::Ed25519);
    let (grant, context, end) = (world.open(NOW).unwrap(), Context::empty(), Timestamp(NOW.0 + 60));
    let (phrase, wrong) = (Passphrase::new("one").unwrap(), Passphrase::new("two").unwrap());
    let params = Argon2Params { passes: 1, memory_kib: 8192, lanes: 1 };
    let recipients = [(&world.keyring).into(), (world.ada.public()).into(), Recipient::Passphrase(&phrase, params)];
    let file = envelope::encrypt(b"file", &recipients, &Default::default(), &mut SysRng).unwrap();
    let by = |identities: &[Identity<'_>]| envelope::decrypt(&file, identities, &context, &Default::default());
    let refusals = [
        (Timestamp(0), GrantError::NotYetValid { from: NOW, now: Timestamp(0) }),
        (end, GrantError::Expired { until: end, now: end }),
    ];
    for (now, refusal) in refusals {
        let refused = grant.identity(now);
        let others: [Identity<'_>; 3] = [(&world.ada).into(), (&world.keyring).into(), (&phrase).into()];
        for other in others {
            assert_eq!(by(&[refused, other]).unwrap(), b"file");
            assert_eq!(by(&[other, refused]).unwrap(), b"file");
        }
        // None opens: the grant's reason is told, and what names a key of the envelope's before it (spec L-5).
        let named = Err(EnvelopeError::from(refusal));
        let stranger = SecretIdentity::generate(&mut SysRng).unwrap();
        assert_eq!(by(&[refused]), named);
        assert_eq!(by(&[(&wrong).into(), (&stranger).into(), refused]), named);
        let mut changed = file.clone();
        changed[200] ^= 1;
        let both = [refused, (&world.keyring).into()];
        let code = |result: Result<Vec<u8>, EnvelopeError>| result.map(|_| ()).unwrap_err().code();
        assert_eq!(code(envelope::decrypt(&changed, &both, &context, &Default::default())), "authentication_failed");
        // What it does not open stays when a header is rewritten.
        let options = RewrapOptions { keep: Keep::Others, ..Default::default() };
        let mut rewrapped =
            envelope::rewrap(&file, &[refused, (&world.ada).into()], &[], &options, &mut SysRng).unwrap();
        rewrapped.extend_from_slice(&file[envelope::rewrapped_len(&file).unwrap()..]);
        let opened = envelope::decrypt(&rewrapped, &[grant.identity(NOW)], &context, &Default::default());
        assert_eq!(opened.unwrap(), b"file");
    }
}
