//! `fortress keyring …`.

use fortress::envelope::{Header, Metadata, Recipient, RecipientInfo};
use fortress::{Argon2Params, KeyId, Keyring, Timestamp, VersionState, inspect};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::changes::Changing;
use super::inspect::recipient;
use crate::arguments::{Common, KeyringCommand, KeyringFile, KeyringNew, KeyringRewrap, KeyringScope, Unlock};
use crate::failure::{Exit, Failure, shown};
use crate::keyrings::{Sealed, Unlocked, seal, unlock, unlock_second};
use crate::output::{Care, Output, PRIVATE, Target, write_file};
use crate::random::{self, now};
use crate::recipients::described;
use crate::report::Report;
use crate::{tty, words};

pub(super) fn run(command: KeyringCommand, common: &Common, report: &Report) -> Result<(), Failure> {
    let open = |file: &KeyringFile| unlock(&file.keyring, &file.unlock, common);
    match command {
        KeyringCommand::New(arguments) => new(&arguments, common, report),
        KeyringCommand::Show { file } => show(&open(&file)?.keyring, report),
        KeyringCommand::Rotate { file, seal } => {
            let mut unlocked = open(&file)?;
            let id = unlocked.keyring.rotate(now(), &mut random::generator())?;
            unlocked.store(&file.keyring, None, &seal, common)?;
            report.result(
                || json!({ "keyring": shown(&file.keyring), "primary": id.to_string() }),
                || format!("{}: version {id} encrypts from now on", shown(&file.keyring)),
            )
        }
        KeyringCommand::DestroyVersion { file, version, yes, seal } => {
            let mut unlocked = open(&file)?;
            unlocked.keyring.destroy_version(version)?;
            let question = format!(
                "What version {version} encrypted cannot be read by this keyring again. Type its id to destroy it: "
            );
            confirm(yes, &question, &version.to_string())?;
            unlocked.store(&file.keyring, None, &seal, common)?;
            report.result(
                || json!({ "keyring": shown(&file.keyring), "destroyed": version.to_string() }),
                || format!("{}: version {version} is destroyed", shown(&file.keyring)),
            )
        }
        KeyringCommand::ChangePassphrase { file, argon2, seal } => {
            let unlocked = open(&file)?;
            let passphrase = common.passphrases.setting(&shown(&file.keyring))?;
            let recipient = Recipient::Passphrase(&passphrase, argon2.unwrap_or_else(|| unlocked.params()));
            unlocked.store(&file.keyring, Some(recipient), &seal, common)?;
            report.result(
                || json!({ "keyring": shown(&file.keyring) }),
                || format!("{}: sealed with the new passphrase", shown(&file.keyring)),
            )
        }
        KeyringCommand::Scope(arguments) => scope(&arguments, &open(&arguments.file)?, common, report),
        KeyringCommand::Rewrap(arguments) => rewrap(&arguments, common, report),
        KeyringCommand::ExportSecret { file, yes } => {
            let unlocked = open(&file)?;
            let question = format!(
                "The secrets open everything that {} ever encrypted. Type \"export\" to print them: ",
                shown(&file.keyring)
            );
            confirm(yes, &question, "export")?;
            export(&unlocked.keyring, report)
        }
    }
}

fn new(arguments: &KeyringNew, common: &Common, report: &Report) -> Result<(), Failure> {
    let KeyringNew { output, passphrase, to, profile, argon2, recipient, force } = arguments;
    let name = shown(output);
    // Told before a passphrase is thought of and typed twice. Nothing is left: the file is not committed.
    drop(Output::open(&Target::file(output)?, Care { force: *force, mode: PRIVATE, durable: false })?);
    let key = recipient.as_ref().map(|uri| common.hardware.open(uri)).transpose()?;
    let by_passphrase = *passphrase || to.is_empty() && key.is_none();
    let params = params(*argon2, by_passphrase)?;
    let passphrase = by_passphrase.then(|| common.passphrases.setting_only(&name)).transpose()?;
    let others = to.recipients()?;
    let passphrase = passphrase.iter().map(|passphrase| Recipient::Passphrase(passphrase, params));
    let key = key.iter().map(|key| Recipient::External(&**key));
    let recipients: Vec<Recipient<'_>> = key.chain(passphrase).chain(others.list()).collect();
    let keyring = Keyring::generate(*profile, now(), &mut random::generator())?;
    seal(&keyring, &recipients, &others, Metadata::default(), output, *force)?;
    let primary = keyring.primary();
    report.result(
        || json!({ "keyring": name, "profile": profile.name(), "primary": primary.to_string() }),
        || format!("{name}: a keyring of profile {}, version {primary}; keep a copy of it", profile.name()),
    )
}

/// What guessing a passphrase shall cost. Without a passphrase to guess, an option that says so would mean nothing.
fn params(argon2: Option<Argon2Params>, by_passphrase: bool) -> Result<Argon2Params, Failure> {
    if argon2.is_some() && !by_passphrase {
        return Err(Failure::usage("--argon2 is of a passphrase, and there is none: give -p too"));
    }
    Ok(argon2.unwrap_or(Argon2Params::RECOMMENDED))
}

fn show(keyring: &Keyring, report: &Report) -> Result<(), Failure> {
    let due = keyring.path().is_empty() && keyring.rotation_due(now());
    report.result(
        || {
            let versions = keyring.versions().map(|version| {
                json!({
                    "id": version.id.to_string(),
                    "created": random::written(version.created),
                    "state": version.state.name(),
                })
            });
            json!({
                "profile": keyring.profile().name(),
                "scope": keyring.path(),
                "primary": keyring.primary().to_string(),
                "rotation_due": due,
                "versions": versions.collect::<Value>(),
            })
        },
        || {
            let mut text = format!("profile   {}\n", keyring.profile().name());
            if !keyring.path().is_empty() {
                text.push_str(&format!("scope     {}\n", words::written(keyring.path())));
            }
            text.push_str("\nversion   created               state");
            for version in keyring.versions() {
                let created = random::written(version.created);
                text.push_str(&format!("\n{}  {created}  {}", version.id, version.state.name()));
            }
            if due {
                let next = keyring.versions().find(|version| version.state == VersionState::Primary);
                let since = next.map_or(Timestamp(0), |version| version.created);
                text.push_str(&format!(
                    "\n\nRotation is due: the primary version is of {}. Run `fortress keyring rotate`.",
                    random::written(since)
                ));
            }
            text
        },
    )
}

fn scope(arguments: &KeyringScope, unlocked: &Unlocked, common: &Common, report: &Report) -> Result<(), Failure> {
    let KeyringScope { scope, output, recipient, passphrase, to, argon2, force, .. } = arguments;
    let name = shown(output);
    let by_passphrase = *passphrase || to.is_empty() && recipient.is_none();
    let params = params(*argon2, by_passphrase)?;
    let root = &unlocked.keyring;
    let narrowed = root.scope(&scope.0)?;
    drop(Output::open(&Target::file(output)?, Care { force: *force, mode: PRIVATE, durable: false })?);
    let other = recipient.as_ref().map(|other| unlock_second(other, &Unlock::default(), common)).transpose()?;
    let passphrase = by_passphrase.then(|| common.passphrases.setting(&name)).transpose()?;
    let people = to.recipients()?;
    let other = other.iter().map(|other| Recipient::from(&other.keyring));
    let passphrase = passphrase.iter().map(|passphrase| Recipient::Passphrase(passphrase, params));
    let recipients: Vec<Recipient<'_>> = other.chain(passphrase).chain(people.list()).collect();
    seal(&narrowed, &recipients, &people, Metadata::default(), output, *force)?;
    report.result(
        || json!({ "keyring": name, "scope": narrowed.path(), "primary": narrowed.primary().to_string() }),
        || format!("{name}: the keyring narrowed to {}", words::written(narrowed.path())),
    )
}

/// Changes who opens a keyring, which is small: it is read whole, and replaced.
fn rewrap(arguments: &KeyringRewrap, common: &Common, report: &Report) -> Result<(), Failure> {
    let KeyringRewrap { file: KeyringFile { keyring: path, unlock }, changes } = arguments;
    let sealed = Sealed::keyring(path)?;
    let name = &sealed.name;
    let of = |failure: Failure| failure.of(name);
    let opener = sealed.opener(unlock, common)?;
    let changing = Changing::new(changes, name, common)?.costing(sealed.params());
    let places = changing.places(&sealed.bytes).map_err(of)?;
    let (recipients, options) = (changing.recipients(&opener)?, changing.options(places.as_deref()));
    let rewrapped =
        Keyring::rewrap(&sealed.bytes, &opener.identities(), &recipients, &options, &mut random::generator());
    let rewrapped = rewrapped.map_err(|error| of(error.into()))?;
    changing.write_shares()?;
    let care = Care { force: true, durable: true, mode: sealed.mode };
    write_file(&Target::File(path.to_owned()), &rewrapped, care)?;
    if changing.removes_somebody() {
        report.note(&format!("{name}: who was taken out has its keys if they ever opened it, and can open copies from before; run `fortress keyring rotate`, naming with --to those who stay, and what is encrypted from then on is out of their reach"));
    }
    let header = inspect::envelope(&rewrapped, None)?.header;
    let infos: Vec<RecipientInfo> = header.iter().flat_map(Header::recipient_infos).collect();
    report.result(
        || json!({ "keyring": name, "recipients": infos.iter().map(recipient).collect::<Value>() }),
        || {
            let whom: Vec<String> = infos.iter().map(described).collect();
            format!("{name}: the keyring is sealed for {}", whom.join("; "))
        },
    )
}

/// The one place where secrets are printed.
fn export(keyring: &Keyring, report: &Report) -> Result<(), Failure> {
    for version in keyring.versions() {
        let secret = secret_hex(keyring, version.id);
        report.result(
            || {
                json!({
                    "id": version.id.to_string(),
                    "created": random::written(version.created),
                    "state": version.state.name(),
                    "secret": secret.as_deref(),
                })
            },
            || {
                let secret = secret.as_deref().map_or("(destroyed)", String::as_str);
                format!("{}  {}  {:<12}  {secret}", version.id, random::written(version.created), version.state.name())
            },
        )?;
    }
    Ok(())
}

fn secret_hex(keyring: &Keyring, id: KeyId) -> Option<Zeroizing<String>> {
    let secret = keyring.expose_secret(id)?;
    let mut hex = Zeroizing::new(String::with_capacity(64));
    for byte in secret {
        for digit in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(digit.into(), 16));
        }
    }
    Some(hex)
}

/// Goes on when `--yes` was given, or the expected word is typed.
fn confirm(yes: bool, question: &str, expected: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let answer = tty::ask(question).map_err(|error| Failure::read("the terminal", &error))?;
    match answer {
        Some(answer) if *answer == expected => Ok(()),
        Some(_) => Err(Failure::new(Exit::Usage, "not_confirmed", "not confirmed; nothing was done")),
        None => Err(Failure::usage("there is no terminal to ask for confirmation on; give --yes if you are sure")),
    }
}
