//! What people hold: secret identities, shares, keys that sign, each a text in a file; and the public texts that others give.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use fortress::envelope::{self, Identity, Metadata, Options, ReadLimits, Recipient, RecipientInfo};
use fortress::grant::{SigningKey, SigningKeyError, VerifyingKey};
use fortress::identity::SecretIdentity;
use fortress::shares::{Share, Shares};
use fortress::{Context, Passphrase};
use zeroize::Zeroizing;

use crate::arguments::Unlock;
use crate::failure::{Exit, Failure, shown};
use crate::output::{Care, PRIVATE, Target, write_file};
use crate::passphrases::Passphrases;
use crate::random;

/// What people bring to open something: identities, and shares of one set.
pub(crate) struct People {
    identities: Vec<SecretIdentity>,
    shares: Option<Shares>,
}

impl People {
    /// Those of the options; `None` where none was given.
    pub(crate) fn of(unlock: &Unlock, passphrases: &Passphrases) -> Result<Option<People>, Failure> {
        if unlock.identity.is_empty() && unlock.share.is_empty() {
            return Ok(None);
        }
        let identities = unlock.identity.iter().map(|path| secret_identity(path, passphrases));
        let identities = identities.collect::<Result<_, _>>()?;
        let shares: Vec<Share> = unlock.share.iter().map(|path| share(path)).collect::<Result<_, _>>()?;
        let shares = if shares.is_empty() { None } else { Some(Shares::new(shares)?) };
        Ok(Some(People { identities, shares }))
    }

    pub(crate) fn identities(&self) -> Vec<Identity<'_>> {
        self.identities.iter().map(Identity::from).chain(self.shares.iter().map(Identity::from)).collect()
    }

    /// Those of a header's recipients whom something can be encrypted for again. Shares open and do not encrypt.
    pub(crate) fn recipients(&self, of: &[RecipientInfo]) -> Vec<Recipient<'_>> {
        let listed = |identity: &&SecretIdentity| of.iter().any(|info| is(identity, info));
        self.identities.iter().filter(listed).map(|identity| identity.public().into()).collect()
    }

    /// Is it one of them that a header names?
    pub(crate) fn include(&self, info: &RecipientInfo) -> bool {
        match info {
            RecipientInfo::Shares { set, .. } => self.shares.as_ref().is_some_and(|shares| shares.set() == *set),
            info => self.identities.iter().any(|identity| is(identity, info)),
        }
    }
}

fn is(identity: &SecretIdentity, info: &RecipientInfo) -> bool {
    matches!(info, RecipientInfo::Identity { id } if *id == identity.public().id())
}

pub(crate) fn secret_identity(path: &Path, passphrases: &Passphrases) -> Result<SecretIdentity, Failure> {
    let text = secret_text(path, |name| passphrases.opening(name))?;
    SecretIdentity::from_text(&text).map_err(|error| Failure::from(error).of(&shown(path)))
}

/// The key that signs: the second thing that its command opens.
pub(crate) fn signing_key(path: &Path, passphrases: &Passphrases) -> Result<SigningKey, Failure> {
    let text = passphrases.of_second(secret_text(path, |name| passphrases.opening_second(name)))?;
    SigningKey::from_text(&text).map_err(|error| Failure::from(error).of(&shown(path)))
}

/// Is the secret in a file sealed with a passphrase?
pub(crate) fn is_sealed(path: &Path) -> Result<bool, Failure> {
    Ok(read(path)?.starts_with(SEALED))
}

fn share(path: &Path) -> Result<Share, Failure> {
    let text = only_line(path, &read(path)?)?;
    Share::from_text(&text).map_err(|error| Failure::from(error).of(&shown(path)))
}

/// The granters of `--trust`: each a verifying key, or a file of them.
pub(crate) fn trusted(given: &[String]) -> Result<Vec<VerifyingKey>, Failure> {
    let texts = public_texts(given, "--trust")?;
    let key = |(text, place): (String, String)| {
        text.parse().map_err(|error: SigningKeyError| Failure::from(error).of(&place))
    };
    texts.into_iter().map(key).collect()
}

/// The public texts of an option that takes each as a text, or a file of them; and where each was found.
pub(crate) fn public_texts(given: &[String], option: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut texts = Vec::new();
    for given in given {
        let start = given.to_ascii_lowercase();
        if start.starts_with("fortress-") || start.starts_with("fortress1") {
            texts.push((given.clone(), option.to_owned()));
            continue;
        }
        let path = PathBuf::from(given);
        texts.extend(lines(&path)?.into_iter().map(|line| (line, shown(&path))));
    }
    Ok(texts)
}

/// The lines of a file of public texts, without empty ones and those that start with `#`.
pub(crate) fn lines(path: &Path) -> Result<Vec<String>, Failure> {
    let bytes = read(path)?;
    let text = as_text(path, &bytes)?;
    let lines: Vec<String> = meant(text).map(str::to_owned).collect();
    if lines.is_empty() {
        return Err(Failure::usage(format!("{} names nobody; it takes a text on each line", shown(path))));
    }
    Ok(lines)
}

/// The one secret text of a file, which may be sealed with a passphrase.
pub(crate) fn secret_text(
    path: &Path,
    passphrase: impl FnOnce(&str) -> Result<Passphrase, Failure>,
) -> Result<Zeroizing<String>, Failure> {
    let bytes = read(path)?;
    if !bytes.starts_with(SEALED) {
        return only_line(path, &bytes);
    }
    let name = shown(path);
    let passphrase = passphrase(&name)?;
    let opened = envelope::decrypt(&bytes, &[(&passphrase).into()], &Context::empty(), &ReadLimits::default())
        .map(Zeroizing::new);
    only_line(path, &opened.map_err(|error| Failure::from(error).of(&name))?)
}

/// Writes a secret text into a file that only its owner reads: after a line that says what it is, or sealed with a passphrase.
pub(crate) fn write_secret(
    path: &Path,
    about: &str,
    text: &str,
    passphrase: Option<&Passphrase>,
    force: bool,
) -> Result<(), Failure> {
    let mut contents = Zeroizing::new(Vec::with_capacity(about.len() + text.len() + 4));
    for part in ["# ", about, "\n", text, "\n"] {
        contents.extend_from_slice(part.as_bytes());
    }
    let sealed = passphrase.map(|passphrase| {
        let options = Options { metadata: Metadata::new([("fortress.secret", about)]), ..Options::default() };
        envelope::encrypt(&contents, &[passphrase.into()], &options, &mut random::generator())
    });
    let sealed = sealed.transpose()?;
    let care = Care { force, mode: PRIVATE, durable: true };
    write_file(&Target::File(path.to_owned()), sealed.as_deref().unwrap_or(&contents), care)
}

fn only_line(path: &Path, bytes: &[u8]) -> Result<Zeroizing<String>, Failure> {
    let text = as_text(path, bytes)?;
    let mut lines = meant(text);
    match (lines.next(), lines.next()) {
        (Some(line), None) => Ok(Zeroizing::new(line.to_owned())),
        _ => Err(Failure::new(
            Exit::Format,
            "invalid_text",
            format!("{}: expected one text, on a line of its own", shown(path)),
        )),
    }
}

fn meant(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn as_text<'b>(path: &Path, bytes: &'b [u8]) -> Result<&'b str, Failure> {
    std::str::from_utf8(bytes)
        .map_err(|_| Failure::new(Exit::Format, "invalid_text", format!("{}: not text", shown(path))))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let name = shown(path);
    let file = File::open(path).map_err(|error| Failure::read(&name, &error))?;
    // Reserved whole, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_LEN as usize + 1));
    file.take(MAX_FILE_LEN + 1).read_to_end(&mut bytes).map_err(|error| Failure::read(&name, &error))?;
    if bytes.len() as u64 > MAX_FILE_LEN {
        return Err(Failure::new(Exit::Format, "invalid_text", format!("{name}: too long for a file of keys")));
    }
    Ok(bytes)
}

/// What an envelope starts with.
const SEALED: &[u8] = b"FTRS";
/// Room for as many public identities as an envelope has recipients.
const MAX_FILE_LEN: u64 = 4 << 20;
