//! Sealed keyrings in files: opened, narrowed, and written back.

use std::path::Path;

use fortress::envelope::{Identity, Metadata, ReadLimits, Recipient, RecipientInfo};
use fortress::{Argon2Params, Context, Keyring, Passphrase, inspect};

use crate::failure::{Exit, Failure, shown};
use crate::input::{Input, Source};
use crate::output::{Care, Target, write_file};
use crate::random;
use crate::words::Scope;

/// More than any sealed keyring has: header and payload of 1 MiB each, and their frame.
const MAX_SEALED_LEN: u64 = 3 << 20;

/// An open keyring, and what is needed to seal it as it was.
pub(crate) struct Unlocked {
    pub(crate) keyring: Keyring,
    passphrase: Passphrase,
    pub(crate) params: Argon2Params,
    metadata: Metadata,
    recipients: usize,
}

/// Opens the keyring in a file.
pub(crate) fn unlock(
    path: &Path,
    passphrase: impl FnOnce(&str) -> Result<Passphrase, Failure>,
) -> Result<Unlocked, Failure> {
    let name = shown(path);
    let mut input = Input::open(&Source::File(path.to_owned()))?;
    let Some(sealed) = input.read_all(MAX_SEALED_LEN)? else {
        return Err(Failure::new(
            Exit::Format,
            "wrong_content",
            format!("{name}: larger than any sealed keyring; give a file that `fortress keyring new` made"),
        ));
    };
    let of = |failure: Failure| failure.of(&name);
    let inspection = inspect::envelope(&sealed, None).map_err(|error| of(error.into()))?;
    // Told before the passphrase is asked for.
    let Some(header) = inspection.header.filter(|header| header.content() == "keyring") else {
        return Err(Failure::new(
            Exit::Format,
            "wrong_content",
            format!("{name}: holds encrypted data, not a keyring; give the keyring that `fortress keyring new` made"),
        ));
    };
    let params = header.recipient_infos().find_map(|info| match info {
        RecipientInfo::Passphrase { params } => Some(params),
        _ => None,
    });
    let Some(params) = params else {
        return Err(Failure::new(
            Exit::WrongKey,
            "wrong_recipient",
            format!(
                "{name}: sealed for another keyring, not with a passphrase; this command opens it by passphrase only"
            ),
        ));
    };
    let passphrase = passphrase(&name)?;
    let identity = [Identity::Passphrase(&passphrase)];
    let keyring = Keyring::open(&sealed, &identity, &ReadLimits::default()).map_err(|error| of(error.into()))?;
    let recipients = header.recipient_infos().len();
    Ok(Unlocked { keyring, passphrase, params, metadata: header.metadata().clone(), recipients })
}

impl Unlocked {
    /// Writes the keyring back, sealed with its passphrase, or with another one.
    pub(crate) fn store(
        &self,
        path: &Path,
        new: Option<(&Passphrase, Argon2Params)>,
        drop_others: bool,
    ) -> Result<(), Failure> {
        if self.recipients > 1 && !drop_others {
            return Err(Failure::usage(format!(
                "{} is sealed for {} recipients, and sealing it anew would shut out the others; give --drop-others to do that",
                shown(path),
                self.recipients
            )));
        }
        let (passphrase, params) = new.unwrap_or((&self.passphrase, self.params));
        let recipient = Recipient::Passphrase(passphrase, params);
        seal(&self.keyring, recipient, self.metadata.clone(), path, true)
    }
}

/// Seals a keyring into a file that only its owner can read.
pub(crate) fn seal(
    keyring: &Keyring,
    recipient: Recipient<'_>,
    metadata: Metadata,
    path: &Path,
    force: bool,
) -> Result<(), Failure> {
    let sealed = keyring.seal(&[recipient], metadata, &mut random::generator())?;
    write_file(&Target::File(path.to_owned()), &sealed, Care { force, private: true, durable: true })
}

/// The keyring narrowed to a scope, if there is one.
pub(crate) fn narrow(keyring: Keyring, scope: Option<&Scope>) -> Result<Keyring, Failure> {
    match scope {
        None => Ok(keyring),
        Some(Scope(segments)) => Ok(keyring.scope(segments)?),
    }
}

/// The context of `--context` options.
pub(crate) fn context(entries: &[(String, String)]) -> Result<Context, Failure> {
    Ok(Context::new(entries.iter().map(|(key, value)| (key, value)))?)
}
