//! Keyrings and contexts, and the keyrings that the other families' cases name.

use std::{collections::BTreeMap, fs, path::Path};

use fortress::{
    Context, ContextError, Keyring, Passphrase,
    envelope::{EnvelopeError, ReadLimits},
};
use serde::Deserialize;

use crate::{FOLDERS, File, Strings, run};

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
pub(crate) struct Keyrings(BTreeMap<String, Keyring>);

impl Keyrings {
    pub(crate) fn new() -> Keyrings {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/keyrings.json");
        let file: File<SealedKeyring> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let valid = file.cases.into_iter().filter(|case| case.result == "valid");
        Keyrings(valid.map(|case| (case.name, case.content.open().unwrap())).collect())
    }

    /// Calls `f` with a keyring at a scope, the empty one being the keyring itself.
    pub(crate) fn at<T>(&self, place: &Place, f: impl FnOnce(&Keyring) -> T) -> T {
        let keyring = &self.0[&place.keyring];
        if place.scope.is_empty() { f(keyring) } else { f(&keyring.scope(&place.scope).unwrap()) }
    }
}

#[derive(Deserialize)]
pub(crate) struct Place {
    pub(crate) keyring: String,
    pub(crate) scope: Vec<String>,
    pub(crate) context: Strings,
}

impl Place {
    pub(crate) fn context(&self) -> Context {
        Context::new(&self.context).unwrap()
    }
}
