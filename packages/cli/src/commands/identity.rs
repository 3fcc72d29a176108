//! `fortress identity …`: key pairs by which others encrypt for someone, and keys that sign grants.

use std::path::Path;

use fortress::envelope::{self, Header, RecipientInfo};
use fortress::grant::{Algorithm, SigningKey, SigningKeyError, VerifyingKey};
use fortress::identity::{IdentityError, PublicIdentity, ScopeIdentity, SecretIdentity};
use fortress::inspect;
use serde_json::json;

use crate::arguments::{Common, IdentityCommand, Signing};
use crate::failure::{Exit, Failure, shown};
use crate::input::{Input, Source};
use crate::output::{Care, Output, PRIVATE, Target};
use crate::random;
use crate::recipients::write_shares;
use crate::report::Report;
use crate::{keyrings, people};

pub(super) fn run(command: &IdentityCommand, common: &Common, report: &Report) -> Result<(), Failure> {
    match command {
        IdentityCommand::New { output, passphrase, signing, force } => {
            // Told before a passphrase is thought of and typed twice. Nothing is left: the file is not committed.
            drop(Output::open(&Target::file(output)?, Care { force: *force, mode: PRIVATE, durable: false })?);
            let name = shown(output);
            let passphrase = passphrase.then(|| common.passphrases.setting_only(&name)).transpose()?;
            let (text, held) = match signing {
                None => {
                    let identity = SecretIdentity::generate(&mut random::generator())?;
                    (identity.expose_text(), Held::of_identity(identity.public()))
                }
                Some(signing) => {
                    let algorithm = match signing {
                        Signing::Ed25519 => Algorithm::Ed25519,
                        Signing::Hybrid => Algorithm::Hybrid,
                    };
                    let key = SigningKey::generate(algorithm, &mut random::generator())?;
                    (key.expose_text(), Held::of_signing_key(&key))
                }
            };
            let about = format!("secret {} {}: keep it secret, and keep a copy", held.kind, held.id);
            people::write_secret(output, &about, &text, passphrase.as_ref(), *force)?;
            held.tell(&name, report)
        }
        IdentityCommand::Scope { file, scope } => {
            let unlocked = keyrings::unlock(&file.keyring, &file.unlock, common)?;
            let identity = keyrings::narrow(unlocked.keyring, Some(scope))?.scope_identity()?;
            Held::of_scope(&identity).tell(&shown(&file.keyring), report)
        }
        IdentityCommand::Show { file } => held(file, common)?.tell(&shown(file), report),
        IdentityCommand::Shares { file, keyring, grant, identity, shares_dir } => {
            let named = [(file, "data"), (keyring, keyrings::KEYRING), (grant, keyrings::GRANT)];
            for (path, content) in named.into_iter().filter_map(|(path, content)| Some((path.as_deref()?, content))) {
                let prefix = prefix_of(path, content).map_err(|failure| failure.of(&shown(path)))?;
                let identity = people::secret_identity(identity, &common.passphrases)?;
                shares(&shown(path), &prefix, &identity, shares_dir, report)?;
            }
            Ok(())
        }
    }
}

/// The start of what somebody means to give shares of, and of nothing that lies in its place.
fn prefix_of(path: &Path, content: &str) -> Result<Vec<u8>, Failure> {
    let prefix = Input::open(&Source::File(path.to_owned()))?.read_prefix()?;
    match inspect::envelope(&prefix, None)?.header {
        Some(header) if header.content() != content => Err(Failure::new(
            Exit::Format,
            "wrong_content",
            format!(
                "holds {}, and its shares would open that; if it is the one that you mean, give it {}",
                header.content(),
                match header.content() {
                    keyrings::KEYRING => "with --keyring",
                    keyrings::GRANT => "with --grant",
                    _ => "as a file, without an option",
                }
            ),
        )),
        _ => Ok(prefix),
    }
}

/// Writes the shares that a file keeps for an identity.
fn shares(name: &str, prefix: &[u8], identity: &SecretIdentity, folder: &Path, report: &Report) -> Result<(), Failure> {
    let of = |failure: Failure| failure.of(name);
    let shares = envelope::held_shares(prefix, identity).map_err(|error| of(error.into()))?;
    let header = inspect::envelope(prefix, None).map_err(|error| of(error.into()))?.header;
    let infos: Vec<RecipientInfo> = header.iter().flat_map(Header::recipient_infos).collect();
    let mut written = Vec::new();
    for info in infos {
        if let RecipientInfo::Shares { set, count, .. } = info {
            let of_set = shares.iter().filter(|share| share.set() == set);
            written.extend(write_shares(of_set, count.into(), folder)?);
        }
    }
    let written: Vec<String> = written.iter().map(|path| shown(path)).collect();
    report.result(|| json!({ "file": name, "shares": written }), || written.join("\n"))
}

/// The public part of what a file holds, be it secret or public. Public texts are told apart by how they start.
fn held(path: &Path, common: &Common) -> Result<Held, Failure> {
    let text = people::secret_text(path, |name| common.passphrases.opening(name))?;
    let of = |failure: Failure| failure.of(&shown(path));
    if text.starts_with("FORTRESS-SIGNING-KEY-") {
        return SigningKey::from_text(&text).map(|key| Held::of_signing_key(&key)).map_err(|error| of(error.into()));
    }
    if text.starts_with("FORTRESS-") {
        let secret = SecretIdentity::from_text(&text).map_err(|error| of(error.into()))?;
        return Ok(Held::of_identity(secret.public()));
    }
    if text.starts_with("fortress-verifying-key-") {
        return text.parse().map(|key| Held::of_verifying_key(&key)).map_err(|error: SigningKeyError| of(error.into()));
    }
    if text.starts_with("fortress-scope-") {
        return text.parse().map(|scope| Held::of_scope(&scope)).map_err(|error: IdentityError| of(error.into()));
    }
    text.parse()
        .map(|public: PublicIdentity| Held::of_identity(&public))
        .map_err(|error: IdentityError| of(error.into()))
}

/// What others may know.
struct Held {
    kind: &'static str,
    id: String,
    public: String,
}

impl Held {
    fn of_identity(public: &PublicIdentity) -> Held {
        Held { kind: "identity", id: public.id().to_string(), public: public.to_string() }
    }

    fn of_signing_key(key: &SigningKey) -> Held {
        let verifying = key.verifying_key();
        Held { kind: "signing key", id: verifying.id().to_string(), public: verifying.to_string() }
    }

    fn of_verifying_key(key: &VerifyingKey) -> Held {
        Held { kind: "verifying key", id: key.id().to_string(), public: key.to_string() }
    }

    fn of_scope(scope: &ScopeIdentity) -> Held {
        Held { kind: "identity of a scope, key id", id: scope.key_id().to_string(), public: scope.to_string() }
    }

    /// The public text alone on standard output, so that it can be redirected; the rest beside it.
    fn tell(self, name: &str, report: &Report) -> Result<(), Failure> {
        let Held { kind, id, public } = self;
        if !report.is_json() {
            report.note(&format!("{name}: {kind} {id}; its public part, for others, goes to standard output"));
        }
        report.result(|| json!({ "file": name, "kind": kind, "id": id, "public": public }), || public.clone())
    }
}
