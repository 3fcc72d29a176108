//! Sealed keyrings in files: opened, narrowed, and written back.

use std::path::Path;

use fortress::envelope::{Header, Metadata, ReadLimits, Recipient, RecipientInfo};
use fortress::external::ExternalKey;
use fortress::grant::{self, Actions, GrantError, SignedGrant};
use fortress::identity::ScopeIdentity;
use fortress::{Argon2Params, Context, Keyring, Passphrase, inspect};

use crate::arguments::{Common, Reseal, Trust, Unlock};
use crate::external;
use crate::failure::{Exit, Failure, shown};
use crate::input::{Input, Source};
use crate::opener::Opener;
use crate::output::{Care, PRIVATE, Target, write_file};
use crate::people::{self, People};
use crate::random;
use crate::recipients::{Recipients, described};
use crate::words::Scope;

/// Contents of headers (spec E-2).
pub(crate) const KEYRING: &str = "keyring";
pub(crate) const GRANT: &str = "grant";
/// More than any sealed keyring has: header and payload of 1 MiB each, and their frame.
const MAX_SEALED_LEN: u64 = 3 << 20;

/// An open keyring, and what is needed to seal it as it was.
pub(crate) struct Unlocked {
    pub(crate) keyring: Keyring,
    opener: Opener,
    metadata: Metadata,
    recipients: Vec<RecipientInfo>,
}

/// Opens the keyring in a file: by what people bring, by an external key, by the keyring in another file and that one's passphrase, or by the
/// passphrase.
pub(crate) fn unlock(path: &Path, by: &Unlock, common: &Common) -> Result<Unlocked, Failure> {
    let sealed = Sealed::keyring(path)?;
    let opener = sealed.opener(by, common)?;
    sealed.open(opener)
}

/// As [`unlock`], for the second thing that a command opens.
pub(crate) fn unlock_second(path: &Path, by: &Unlock, common: &Common) -> Result<Unlocked, Failure> {
    let sealed = Sealed::keyring(path)?;
    let opener = sealed.opener_asking(by, common, |name| common.passphrases.opening_second(name));
    common.passphrases.of_second(opener.and_then(|opener| sealed.open(opener)))
}

/// What `-k` names, narrowed: a keyring, or what a grant gives in its place.
pub(crate) enum Used {
    Keyring(Keyring),
    /// Of a grant that only encrypts.
    Scope(ScopeIdentity),
}

impl Used {
    pub(crate) fn open(
        path: &Path,
        by: &Unlock,
        trust: &Trust,
        scope: Option<&Scope>,
        common: &Common,
    ) -> Result<Used, Failure> {
        // Whoever trusts granters wants a grant of theirs: a keyring in its place proves nobody, and is not taken.
        let sealed = if trust.trust.is_empty() { Sealed::read(path)? } else { Sealed::grant(path)? };
        if sealed.header.content() != GRANT {
            let opener = sealed.opener(by, common)?;
            return narrow(sealed.open(opener)?.keyring, scope).map(Used::Keyring);
        }
        let now = random::now();
        let grant = sealed.open_grant(&sealed.opener(by, common)?)?;
        let of = |error: GrantError| Failure::from(error).of(&sealed.name);
        let grant = grant.trust(&people::trusted(&trust.trust)?, now).map_err(of)?;
        let path = scope.map_or(grant.path(), |scope| &scope.0);
        match grant.scope(path, now) {
            Ok(keyring) => Ok(Used::Keyring(keyring)),
            Err(GrantError::ActionNotGranted { .. }) if path == grant.path() => {
                Ok(Used::Scope(grant.scope_identity(now).map_err(of)?))
            }
            Err(GrantError::ActionNotGranted { .. }) => Err(of(GrantError::outside_scope(path, grant.path()))),
            Err(error) => Err(of(error)),
        }
    }

    /// The keyring, for what a grant to encrypt does not do: to decrypt, and to make tokens.
    pub(crate) fn into_keyring(self, wanted: Actions) -> Result<Keyring, Failure> {
        match self {
            Used::Keyring(keyring) => Ok(keyring),
            Used::Scope(_) if wanted == Actions::Encrypt => Err(Failure::new(
                Exit::NotGranted,
                "action_not_granted",
                "a grant to encrypt makes files, by `fortress encrypt`, and not tokens, which take a key that decrypts them too; ask for a grant to do both",
            )),
            Used::Scope(_) => {
                Err(GrantError::ActionNotGranted { wanted: Actions::Decrypt, granted: Actions::Encrypt }.into())
            }
        }
    }

    pub(crate) fn recipient(&self) -> Recipient<'_> {
        match self {
            Used::Keyring(keyring) => keyring.into(),
            Used::Scope(identity) => identity.into(),
        }
    }
}

/// A grant whose signature is right.
pub(crate) fn read_grant(path: &Path, by: &Unlock, common: &Common) -> Result<SignedGrant, Failure> {
    let sealed = Sealed::grant(path)?;
    sealed.open_grant(&sealed.opener(by, common)?)
}

/// A file that claims to be a sealed keyring or a grant.
pub(crate) struct Sealed {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) header: Header,
    /// Who may read and write the file.
    pub(crate) mode: u32,
}

impl Sealed {
    pub(crate) fn keyring(path: &Path) -> Result<Sealed, Failure> {
        let advice = "a grant, where a whole keyring is needed; `fortress grant show` shows it";
        Sealed::read(path)?.require(KEYRING, advice)
    }

    pub(crate) fn grant(path: &Path) -> Result<Sealed, Failure> {
        let advice =
            "a sealed keyring, not a grant; give one that `fortress grant new` made, and --trust only with a grant";
        Sealed::read(path)?.require(GRANT, advice)
    }

    /// What is neither is refused before a passphrase is asked for.
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
        match inspection.header.filter(|header| [KEYRING, GRANT].contains(&header.content())) {
            Some(header) => Ok(Sealed { name, bytes, header, mode: input.mode }),
            None => Err(Failure::new(
                Exit::Format,
                "wrong_content",
                format!(
                    "{name}: holds encrypted data, not a keyring; give the keyring that `fortress keyring new` made"
                ),
            )),
        }
    }

    fn require(self, content: &str, advice: &str) -> Result<Sealed, Failure> {
        if self.header.content() == content {
            return Ok(self);
        }
        Err(Failure::new(Exit::Format, "wrong_content", advice).of(&self.name))
    }

    /// What is to open it: what people bring, an external key, the keyring in another file by that one's passphrase, or the passphrase.
    pub(crate) fn opener(&self, by: &Unlock, common: &Common) -> Result<Opener, Failure> {
        self.opener_asking(by, common, |name| common.passphrases.opening(name))
    }

    fn opener_asking(
        &self,
        by: &Unlock,
        common: &Common,
        passphrase: impl FnOnce(&str) -> Result<Passphrase, Failure>,
    ) -> Result<Opener, Failure> {
        if let Some(people) = People::of(by, &common.passphrases)? {
            return Ok(Opener::People(people));
        }
        match &by.unlock {
            Some(other) if let Some(uri) = external::as_uri(other) => common.hardware.open(&uri).map(Opener::External),
            Some(other) => {
                let other = Sealed::keyring(other)?;
                let opener = other.by_passphrase(passphrase)?;
                Ok(Opener::Keyring(other.open(opener)?.keyring))
            }
            None => self.by_passphrase(passphrase),
        }
    }

    /// Asks for the passphrase of what has one.
    fn by_passphrase(&self, ask: impl FnOnce(&str) -> Result<Passphrase, Failure>) -> Result<Opener, Failure> {
        if self.header.recipient_infos().any(|info| matches!(info, RecipientInfo::Passphrase { .. })) {
            return ask(&self.name).map(Opener::Passphrase);
        }
        let recipients: Vec<String> = self.header.recipient_infos().take(3).map(|info| described(&info)).collect();
        Err(Failure::new(
            Exit::WrongKey,
            "wrong_recipient",
            format!(
                "{}: not sealed with a passphrase, but for {}; give --identity, --share, or --unlock for another keyring or an external key",
                self.name,
                recipients.join("; ")
            ),
        ))
    }

    fn open_grant(&self, opener: &Opener) -> Result<SignedGrant, Failure> {
        grant::read(&self.bytes, &opener.identities(), &ReadLimits::default())
            .map_err(|error| Failure::from(error).of(&self.name))
    }

    /// What guessing its passphrase costs, as its header says; what is recommended for one that has none.
    pub(crate) fn params(&self) -> Argon2Params {
        params_of(self.header.recipient_infos().collect::<Vec<_>>().iter())
    }

    fn open(self, opener: Opener) -> Result<Unlocked, Failure> {
        let keyring = Keyring::open(&self.bytes, &opener.identities(), &ReadLimits::default())
            .map_err(|error| Failure::from(error).of(&self.name))?;
        let recipients = self.header.recipient_infos().collect();
        Ok(Unlocked { keyring, opener, metadata: self.header.metadata().clone(), recipients })
    }
}

fn params_of<'i>(mut infos: impl Iterator<Item = &'i RecipientInfo>) -> Argon2Params {
    let of_its_own = infos.find_map(|info| match info {
        RecipientInfo::Passphrase { params } => Some(*params),
        _ => None,
    });
    of_its_own.unwrap_or(Argon2Params::RECOMMENDED)
}

impl Unlocked {
    /// What guessing its passphrase costs; what is recommended for one that has none.
    pub(crate) fn params(&self) -> Argon2Params {
        params_of(self.recipients.iter())
    }

    /// Writes the keyring back, sealed for what opened it, or for another passphrase in its place; and for those whom `reseal` names.
    pub(crate) fn store(
        &self,
        path: &Path,
        new: Option<Recipient<'_>>,
        reseal: &Reseal,
        common: &Common,
    ) -> Result<(), Failure> {
        let by_passphrase = matches!(self.opener, Opener::Passphrase(_));
        if reseal.passphrase && (by_passphrase || new.is_some()) {
            return Err(Failure::usage(
                "-p adds a passphrase where something else opens the keyring; here it is sealed with one as it is",
            ));
        }
        let named = reseal.to.recipients()?;
        let keys = reseal.recipients.iter().map(|uri| common.hardware.open(uri)).collect::<Result<Vec<_>, _>>()?;
        let is_named = |info: &RecipientInfo| {
            let by_a_key = |reference: &String| keys.iter().any(|key| key.opens(reference));
            named.include(info) || matches!(info, RecipientInfo::External { reference } if by_a_key(reference))
        };
        let others: Vec<&RecipientInfo> = self.recipients.iter().filter(|info| !is_named(info)).collect();
        // A new passphrase takes the place of one, and not of a key or a person that opened the keyring: who adds it shuts nobody out unsaid.
        let own = if new.is_some() && !by_passphrase { 0 } else { self.opener.count(&others) };
        // A header does not tell passphrases apart: the one that is set stands for one of them, where what opened the keyring is not left out for it.
        let replaces = reseal.passphrase || new.is_some() && own == 0;
        let has_one = others.iter().any(|info| matches!(info, RecipientInfo::Passphrase { .. }));
        let replaced = usize::from(!by_passphrase && replaces && has_one);
        if others.len() > own + replaced && !reseal.drop_others {
            return Err(Failure::usage(format!(
                "{} is sealed for {} recipients, and sealing it anew would shut out {}; name those who shall stay with --to, --recipient or -p, or give --drop-others",
                shown(path),
                self.recipients.len(),
                if named.is_empty() && keys.is_empty() && !reseal.passphrase { "the others" } else { "some" },
            )));
        }
        let passphrase = reseal.passphrase.then(|| common.passphrases.setting(&shown(path))).transpose()?;
        // Whoever is named and opened it as well is one recipient.
        let opened_by_named = |key: &dyn ExternalKey| keys.iter().any(|named| named.opens(key.reference()));
        let mut recipients = match (new, &self.opener) {
            (Some(new), _) => vec![new],
            (None, Opener::External(key)) if opened_by_named(&**key) => Vec::new(),
            (None, opener) => opener.recipients(&self.recipients, self.params()),
        };
        recipients.extend(keys.iter().map(|key| Recipient::External(&**key)));
        recipients.extend(passphrase.iter().map(|passphrase| Recipient::Passphrase(passphrase, self.params())));
        recipients.extend(named.list());
        if recipients.is_empty() {
            return Err(Failure::usage(
                "shares open a keyring and cannot be sealed for again: name somebody with --to",
            ));
        }
        seal(&self.keyring, &recipients, &named, self.metadata.clone(), path, true)
    }
}

/// Seals a keyring into a file that only its owner can read, once the shares are written of those `named` among the recipients.
pub(crate) fn seal(
    keyring: &Keyring,
    recipients: &[Recipient<'_>],
    named: &Recipients,
    metadata: Metadata,
    path: &Path,
    force: bool,
) -> Result<(), Failure> {
    let sealed = keyring.seal(recipients, metadata, &mut random::generator())?;
    named.write_shares()?;
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
