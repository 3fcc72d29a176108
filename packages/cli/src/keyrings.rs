//! Sealed keyrings in files: opened, narrowed, and written back.

use std::path::Path;

use fortress::envelope::{Header, Identity, Metadata, ReadLimits, Recipient, RecipientInfo};
use fortress::external::ExternalKey;
use fortress::{Argon2Params, Context, Keyring, Passphrase, inspect};

use crate::arguments::Unlock;
use crate::external::{self, Hardware};
use crate::failure::{Exit, Failure, shown};
use crate::input::{Input, Source};
use crate::output::{Care, PRIVATE, Target, write_file};
use crate::random;
use crate::words::Scope;

/// More than any sealed keyring has: header and payload of 1 MiB each, and their frame.
const MAX_SEALED_LEN: u64 = 3 << 20;

/// An open keyring, and what is needed to seal it as it was.
pub(crate) struct Unlocked {
    pub(crate) keyring: Keyring,
    opener: Opener,
    metadata: Metadata,
    recipients: usize,
}

/// What opened a keyring, and opens it again after it was sealed anew.
enum Opener {
    Passphrase(Passphrase, Argon2Params),
    Keyring(Keyring),
    External(Box<dyn ExternalKey>),
}

impl Opener {
    fn identity(&self) -> Identity<'_> {
        match self {
            Opener::Passphrase(passphrase, _) => passphrase.into(),
            Opener::Keyring(keyring) => keyring.into(),
            Opener::External(key) => Identity::External(&**key),
        }
    }

    fn recipient(&self) -> Recipient<'_> {
        match self {
            Opener::Passphrase(passphrase, params) => Recipient::Passphrase(passphrase, *params),
            Opener::Keyring(keyring) => keyring.into(),
            Opener::External(key) => Recipient::External(&**key),
        }
    }
}

/// Opens the keyring in a file, by the passphrase, by the keyring in another file and that one's passphrase, or by an external key.
pub(crate) fn unlock(
    path: &Path,
    by: &Unlock,
    hardware: &Hardware,
    passphrase: impl FnOnce(&str) -> Result<Passphrase, Failure>,
) -> Result<Unlocked, Failure> {
    let sealed = Sealed::read(path)?;
    match &by.unlock {
        Some(other) if let Some(uri) = external::as_uri(other) => sealed.open(Opener::External(hardware.open(&uri)?)),
        Some(other) => sealed.open(Opener::Keyring(Sealed::read(other)?.open_by_passphrase(passphrase)?.keyring)),
        None => sealed.open_by_passphrase(passphrase),
    }
}

/// A file that claims to be a sealed keyring.
struct Sealed {
    name: String,
    bytes: Vec<u8>,
    header: Header,
}

impl Sealed {
    /// What is no keyring is refused before a passphrase is asked for.
    fn read(path: &Path) -> Result<Sealed, Failure> {
        let name = shown(path);
        let mut input = Input::open(&Source::File(path.to_owned()))?;
        let Some(bytes) = input.read_all(MAX_SEALED_LEN)? else {
            return Err(Failure::new(
                Exit::Format,
                "wrong_content",
                format!("{name}: larger than any sealed keyring; give a file that `fortress keyring new` made"),
            ));
        };
        let inspection = inspect::envelope(&bytes, None).map_err(|error| Failure::from(error).of(&name))?;
        match inspection.header.filter(|header| header.content() == "keyring") {
            Some(header) => Ok(Sealed { name, bytes, header }),
            None => Err(Failure::new(
                Exit::Format,
                "wrong_content",
                format!(
                    "{name}: holds encrypted data, not a keyring; give the keyring that `fortress keyring new` made"
                ),
            )),
        }
    }

    fn open_by_passphrase(
        self,
        passphrase: impl FnOnce(&str) -> Result<Passphrase, Failure>,
    ) -> Result<Unlocked, Failure> {
        let params = self.header.recipient_infos().find_map(|info| match info {
            RecipientInfo::Passphrase { params } => Some(params),
            _ => None,
        });
        let Some(params) = params else {
            return Err(Failure::new(
                Exit::WrongKey,
                "wrong_recipient",
                format!(
                    "{}: sealed for another keyring or an external key, not with a passphrase; name that one with --unlock",
                    self.name
                ),
            ));
        };
        let passphrase = passphrase(&self.name)?;
        self.open(Opener::Passphrase(passphrase, params))
    }

    fn open(self, opener: Opener) -> Result<Unlocked, Failure> {
        let keyring = Keyring::open(&self.bytes, &[opener.identity()], &ReadLimits::default())
            .map_err(|error| Failure::from(error).of(&self.name))?;
        let recipients = self.header.recipient_infos().len();
        Ok(Unlocked { keyring, opener, metadata: self.header.metadata().clone(), recipients })
    }
}

impl Unlocked {
    /// What guessing its passphrase costs; what is recommended for one that has none.
    pub(crate) fn params(&self) -> Argon2Params {
        match self.opener {
            Opener::Passphrase(_, params) => params,
            Opener::Keyring(_) | Opener::External(_) => Argon2Params::RECOMMENDED,
        }
    }

    /// Writes the keyring back, sealed for what opened it, or for another recipient.
    pub(crate) fn store(&self, path: &Path, new: Option<Recipient<'_>>, drop_others: bool) -> Result<(), Failure> {
        if self.recipients > 1 && !drop_others {
            return Err(Failure::usage(format!(
                "{} is sealed for {} recipients, and sealing it anew would shut out the others; give --drop-others to do that",
                shown(path),
                self.recipients
            )));
        }
        let recipient = new.unwrap_or_else(|| self.opener.recipient());
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
    write_file(&Target::File(path.to_owned()), &sealed, Care { force, mode: PRIVATE, durable: true })
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
