//! The fuzzers' corpora, run through what the fuzzers run: whatever one has found stays found.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

#[path = "../../tests/fuzz/src/lib.rs"]
#[allow(unreachable_pub, dead_code, clippy::expect_used, reason = "shared with the fuzzers' own crate")]
mod fuzz;

use std::{fs, path::Path};

#[test]
fn every_input_of_every_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus");
    for (name, target) in fuzz::TARGETS {
        let mut ran = 0;
        for input in fs::read_dir(corpus.join(name)).unwrap() {
            let path = input.unwrap().path();
            println!("{}", path.display());
            target(&fs::read(path).unwrap());
            ran += 1;
        }
        assert!(ran > 0, "the corpus of {name} is empty");
    }
}

/// The seeds do open, so the fuzzers start behind every check.
#[test]
fn the_forge_makes_what_opens() {
    let world = fuzz::world();
    let forged = world.forge.envelope(world.forge.header(), b"payload");
    let identity = [(&world.keyring).into()];
    let opened = fortress::envelope::decrypt(&forged, &identity, &Default::default(), &Default::default());
    assert_eq!(opened.unwrap(), b"payload");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus/keyring");
    for name in ["one", "three", "narrowed"] {
        let sealed = world.forge.envelope(&world.forge.keyring_header(), &fs::read(corpus.join(name)).unwrap());
        assert!(fortress::Keyring::open(&sealed, &identity, &Default::default()).is_ok(), "{name}");
    }
    let external = fs::read(corpus.join("../envelope/envelope-external")).unwrap();
    let identity = [fortress::envelope::Identity::External(&world.token)];
    let opened = fortress::envelope::decrypt(&external, &identity, &Default::default(), &Default::default());
    assert_eq!(opened.unwrap(), b"payload");
    let identity = [(&world.identity).into()];
    let payload =
        world.forge.envelope(&world.forge.grant_header(), &fs::read(corpus.join("../grant/payload")).unwrap());
    let read = fortress::grant::read(&payload, &[(&world.keyring).into()], &Default::default());
    assert_eq!(read.map(|_| ()).unwrap_err().code(), "forged_grant", "all but its signature is right");
    for name in ["encrypt", "decrypt", "both"] {
        let sealed = fs::read(corpus.join("../grant").join(name)).unwrap();
        assert!(fortress::grant::read(&sealed, &identity, &Default::default()).is_ok(), "{name}");
    }
    let token = fs::read(corpus.join("../token/token-33")).unwrap();
    assert_eq!(world.keyring.decrypt(&token, &Default::default()).unwrap(), b"value");
}
