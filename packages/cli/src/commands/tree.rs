//! Folders: each file an envelope of its own.
//!
//! With encrypted names, files have random names and a list of the true ones stands beside them, itself an envelope. Each file's header
//! names its random name, authenticated, so that files cannot be exchanged for one another.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use fortress::envelope::{Header, Metadata};

use super::SUFFIX;
use super::decrypt::{Decrypting, decrypted_name};
use super::encrypt::{Writing, encrypted_name};
use crate::failure::{Exit, Failure, shown};
use crate::input::Source;
use crate::output::Target;
use crate::random;
use crate::report::Report;

/// The list of true names.
const NAMES: &str = "names.ftrs";
/// Header entries by which the list and the files that it names are known.
const NAMES_KEY: &str = "fortress.names";
const ID_KEY: &str = "fortress.id";
/// Ciphertext of a list of names, at most.
const MAX_NAMES_LEN: u64 = 1 << 30;

pub(super) fn encrypt(
    writing: &Writing,
    folder: &Path,
    output: &Path,
    encrypt_names: bool,
    report: &mut Report,
) -> Result<(), Failure> {
    // All of them before the first is written: the output may lie in the same folder.
    let files = walk(folder, report)?;
    make_folder(output)?;
    if !encrypt_names {
        return each(files, report, |relative, report| {
            let target = output.join(encrypted_name(relative));
            make_folder(target.parent().unwrap_or(output))?;
            writing.encrypt(&Source::File(folder.join(relative)), &Target::File(target), Metadata::default(), report)
        });
    }
    let list = output.join(NAMES);
    if list.exists() {
        return Err(Failure::new(
            Exit::Exists,
            "exists",
            format!("{} already holds an encrypted folder; choose an empty one with -o", shown(output)),
        ));
    }
    let mut names = BTreeMap::new();
    for relative in files {
        let Some(text) = portable(&relative) else {
            report.failed(&Failure::usage(format!(
                "{} is not a name that every system has; rename it, or leave out --encrypt-names",
                shown(&relative)
            )));
            continue;
        };
        let mut id = [0; 16];
        random::fill(&mut id)?;
        names.insert(format!("{:032x}", u128::from_be_bytes(id)), text);
    }
    let json = serde_json::to_vec(&names).map_err(|error| Failure::new(Exit::Other, "internal", error.to_string()))?;
    // The list first: what an interrupted run leaves can be decrypted, and what it lacks is known.
    writing.encrypt_bytes(&json, &Target::File(list), Metadata::new([(NAMES_KEY, "1")]))?;
    each(names, report, |(id, relative), report| {
        let target = Target::File(output.join(format!("{id}{SUFFIX}")));
        let source = Source::File(folder.join(relative));
        writing.encrypt(&source, &target, Metadata::new([(ID_KEY, id.as_str())]), report)
    })
}

pub(super) fn decrypt(
    decrypting: &Decrypting,
    folder: &Path,
    output: &Path,
    report: &mut Report,
) -> Result<(), Failure> {
    if let Some(names) = read_names(decrypting, &folder.join(NAMES))? {
        make_folder(output)?;
        return each(names, report, |(id, relative), report| {
            let target = output.join(relative);
            make_folder(target.parent().unwrap_or(output))?;
            let source = Source::File(folder.join(format!("{id}{SUFFIX}")));
            let check = |header: &Header| {
                if header.metadata().value(ID_KEY) == Some(id.as_str()) {
                    return Ok(());
                }
                Err(Failure::new(
                    Exit::NotAuthentic,
                    "authentication_failed",
                    format!("{}: stands in another file's place; get the file again", source.name()),
                ))
            };
            decrypting.decrypt(&source, &Target::File(target), check, report)
        });
    }
    let (files, others): (Vec<_>, Vec<_>) =
        walk(folder, report)?.into_iter().partition(|path| decrypted_name(path).is_ok());
    if !others.is_empty() {
        report.note(&format!("{} files do not end in {SUFFIX} and were left out", others.len()));
    }
    make_folder(output)?;
    each(files, report, |relative, report| {
        let target = output.join(decrypted_name(relative)?);
        make_folder(target.parent().unwrap_or(output))?;
        decrypting.decrypt(&Source::File(folder.join(relative)), &Target::File(target), |_| Ok(()), report)
    })
}

/// Does it for each, and goes on after failures.
fn each<T>(
    items: impl IntoIterator<Item = T>,
    report: &mut Report,
    mut act: impl FnMut(&T, &Report) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for item in items {
        if let Err(failure) = act(&item, report) {
            report.failed(&failure);
        }
    }
    Ok(())
}

/// The true names by the random ones; `None` for a folder whose names were not encrypted.
fn read_names(decrypting: &Decrypting, list: &Path) -> Result<Option<BTreeMap<String, PathBuf>>, Failure> {
    if !list.is_file() {
        return Ok(None);
    }
    let is_list = |header: &Header| header.metadata().value(NAMES_KEY).is_some();
    let Some(json) = decrypting.decrypt_bytes(list, MAX_NAMES_LEN, is_list)? else {
        // Someone's file, whose name is `names`.
        return Ok(None);
    };
    let malformed = |what: &str| {
        Failure::new(Exit::Format, "non_canonical", format!("{}: {what}; it was not made by this program", shown(list)))
    };
    let names: BTreeMap<String, String> =
        serde_json::from_slice(&json).map_err(|_| malformed("not a list of names"))?;
    let checked = names.into_iter().map(|(id, name)| {
        let path = PathBuf::from(&name);
        let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        // Whoever made the list must not choose a place outside the output folder.
        if !is_id || portable(&path).as_ref() != Some(&name) {
            return Err(malformed("names a file outside its folder"));
        }
        Ok((id, path))
    });
    checked.collect::<Result<_, _>>().map(Some)
}

/// A relative path as text with slashes, if it has no part that leads elsewhere.
fn portable(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for component in path.components() {
        let Component::Normal(part) = component else {
            return None;
        };
        // A colon names a stream of a file, or a drive, on Windows.
        let leads_elsewhere = |part: &&str| part.contains(['\\', '\0']) || cfg!(windows) && part.contains(':');
        let part = part.to_str().filter(|part| !leads_elsewhere(part))?;
        parts.push(part);
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// All regular files below a folder, relative to it, in order.
fn walk(folder: &Path, report: &mut Report) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut left_out = 0_u64;
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        let here = folder.join(&relative);
        let entries = match fs::read_dir(&here) {
            Ok(entries) => entries,
            Err(error) => {
                report.failed(&Failure::read(&shown(&here), &error));
                continue;
            }
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    report.failed(&Failure::read(&shown(&here), &error));
                    break;
                }
            };
            let path = relative.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() => files.push(path),
                Ok(_) => left_out += 1,
                Err(error) => report.failed(&Failure::read(&shown(&entry.path()), &error)),
            }
        }
    }
    if left_out > 0 {
        report.note(&format!("{left_out} links and devices were left out"));
    }
    files.sort();
    Ok(files)
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::write(&shown(folder), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        let portable = |name: &str| portable(Path::new(name));
        assert_eq!(portable("a/b.txt").as_deref(), Some("a/b.txt"));
        for outside in ["", "/etc/passwd", "../x", "a/../../x", "a\\b"] {
            assert_eq!(portable(outside), None, "{outside}");
        }
        assert_ne!(portable("a//b").as_deref(), Some("a//b"), "no second way to write a name");
    }
}
