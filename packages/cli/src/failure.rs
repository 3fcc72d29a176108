//! Failures: one line that says what and what to do, and an exit code for each kind.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::Path;

use fortress::chunked::ChunkedError;
use fortress::envelope::EnvelopeError;
use fortress::grant::{GrantError, SigningKeyError};
use fortress::identity::IdentityError;
use fortress::shares::ShareError;
use fortress::token::TokenError;
use fortress::{ContextError, KeyringError, PassphraseError};

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// Stable; the core's own where the core found it.
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// Exit codes. They are documented in `docs/guide/command-line.md` and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Other = 1,
    Usage = 2,
    Format = 3,
    WrongKey = 4,
    WrongPassphrase = 5,
    NotAuthentic = 6,
    CutOff = 7,
    Exists = 8,
    Unreadable = 9,
    Unwritable = 10,
    NoPassphrase = 11,
    Unsupported = 12,
    NotGranted = 13,
    /// What a shell sees of a command that SIGINT ended.
    Interrupted = 130,
    BrokenPipe = 141,
}

impl Exit {
    /// All of them, with what they mean: the table of the guide and of the manual page.
    pub(crate) const TABLE: [(Exit, &'static str); 15] = [
        (Exit::Other, "something else failed, such as the system's source of randomness"),
        (Exit::Usage, "the command cannot be carried out as it was given; nothing was done"),
        (Exit::Format, "not a Fortress file or token, or a malformed one"),
        (Exit::WrongKey, "it is encrypted for a key that the keyring does not hold, or no longer holds"),
        (Exit::WrongPassphrase, "the passphrase or PIN is wrong, or a token has locked its PIN"),
        (Exit::NotAuthentic, "not authentic: the data was changed or cut, or the key, scope or context is another"),
        (Exit::CutOff, "the data is cut off, in its header or where a chunk should begin; a cut within a chunk is 6"),
        (Exit::Exists, "the output exists, and --force was not given"),
        (Exit::Unreadable, "an input cannot be read"),
        (Exit::Unwritable, "the output cannot be written, for instance because the disk is full"),
        (
            Exit::NoPassphrase,
            "no passphrase or PIN: none was given and there is no terminal to ask on, or it was mistyped",
        ),
        (Exit::Unsupported, "beyond what this version knows or allows: a suite, a size, Argon2id costs"),
        (
            Exit::NotGranted,
            "the grant does not allow it: it is not valid now, of a granter who is not trusted, or for something else",
        ),
        (Exit::Interrupted, "interrupted, for instance by Ctrl-C"),
        (Exit::BrokenPipe, "whoever read the output stopped reading"),
    ];
}

impl Failure {
    pub(crate) fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Failure {
        Failure { exit, code, message: message.into() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, "usage", message)
    }

    /// An input that cannot be read.
    pub(crate) fn read(name: &str, error: &io::Error) -> Failure {
        let advice = match error.kind() {
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::PermissionDenied => "ask for permission to read it",
            _ => "nothing was kept of what was read; try again",
        };
        Failure::new(Exit::Unreadable, "unreadable", format!("cannot read {name}: {}; {advice}", reason(error)))
    }

    /// An output that cannot be written.
    pub(crate) fn write(name: &str, error: &io::Error) -> Failure {
        let advice = match error.kind() {
            // Whoever closes a pipe early knows it: `fortress decrypt … | head`.
            io::ErrorKind::BrokenPipe => {
                return Failure::new(Exit::BrokenPipe, "broken_pipe", format!("{name} was closed before the end"));
            }
            io::ErrorKind::NotFound => "make its folder first",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room or choose another place with -o",
            _ => "choose another place with -o",
        };
        Failure::new(Exit::Unwritable, "unwritable", format!("cannot write {name}: {}; {advice}", reason(error)))
    }

    /// The same failure, said of a file.
    pub(crate) fn of(self, name: &str) -> Failure {
        Failure { message: format!("{name}: {}", self.message), ..self }
    }

    /// What the core found, with advice for the command line.
    fn found(code: &'static str, message: impl fmt::Display) -> Failure {
        let exit = exit_for(code);
        let advice = match exit {
            Exit::NotAuthentic if code == "forged_grant" => "; ask the granter for it again",
            Exit::NotAuthentic => "; check -k, --scope and --context, or get the file again",
            _ => "",
        };
        Failure::new(exit, code, format!("{message}{advice}"))
    }
}

/// The exit code for a code of the core (spec L-3).
fn exit_for(code: &str) -> Exit {
    match code {
        "truncated" => Exit::CutOff,
        "not_fortress"
        | "unknown_version"
        | "non_canonical"
        | "header_too_large"
        | "wrong_content"
        | "invalid_text"
        | "invalid_identity"
        | "invalid_share"
        | "invalid_signing_key"
        | "wrong_group"
        | "no_recipient"
        | "too_many_recipients" => Exit::Format,
        "unknown_key" | "key_destroyed" | "wrong_recipient" | "different_share_sets" | "not_enough_shares" => {
            Exit::WrongKey
        }
        "wrong_passphrase" => Exit::WrongPassphrase,
        "untrusted_granter" | "grant_not_yet_valid" | "grant_expired" | "action_not_granted" | "outside_scope" => {
            Exit::NotGranted
        }
        "authentication_failed" | "forged_grant" | "trailing_data" | "stream_failed" => Exit::NotAuthentic,
        "unknown_suite" | "private_suite" | "argon2_limits" | "out_of_memory" | "limit_exceeded"
        | "value_too_large" => Exit::Unsupported,
        "out_of_range"
        | "invalid_time"
        | "invalid_segment"
        | "invalid_context"
        | "invalid_share_set"
        | "no_such_recipient"
        | "invalid_external_key"
        | "invalid_grant"
        | "empty_passphrase"
        | "not_root"
        | "primary_in_use" => Exit::Usage,
        // As a key file that cannot be read.
        "key_unavailable" | "key_refused" => Exit::Unreadable,
        _ => Exit::Other,
    }
}

macro_rules! found_by_core {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Failure {
                Failure::found(error.code(), &error)
            }
        }
    )*};
}

found_by_core!(TokenError, KeyringError, ChunkedError, ContextError, PassphraseError);
found_by_core!(IdentityError, ShareError, GrantError, SigningKeyError);

impl From<EnvelopeError> for Failure {
    fn from(error: EnvelopeError) -> Failure {
        let code = error.code();
        match error {
            // It says what to bring, and neither a key nor a scope would help.
            EnvelopeError::WrongShares { .. } => Failure::new(exit_for(code), code, error.to_string()),
            error => Failure::found(code, error),
        }
    }
}

/// A path for a message: on one line, whatever its name.
pub(crate) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.chars().any(steers) { format!("{text:?}") } else { text.into_owned() }
}

/// Text that a stranger may have chosen, for a terminal.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if steers(character) { safe.extend(character.escape_default()) } else { safe.push(character) }
    }
    Cow::Owned(safe)
}

/// Can a character steer a terminal, or turn around the text beside it?
fn steers(character: char) -> bool {
    let turns = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    turns || character.is_control()
}

/// What the system says, in its words, without the number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_specification_has_an_exit_code() {
        let limits = include_str!("../../../docs/spec/limits.md");
        let codes: Vec<&str> = limits
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split(" | ").nth(1))
            .flat_map(|cell| cell.split('`').skip(1).step_by(2))
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit()))
            .collect();
        assert!(codes.len() > 25, "{codes:?}");
        // Not of the input, but of the machine or of this program.
        let internal = ["randomness", "wrong_length"];
        for code in codes.into_iter().filter(|code| !internal.contains(code)) {
            assert_ne!(exit_for(code), Exit::Other, "{code}");
        }
    }

    #[test]
    fn the_guide_documents_every_exit_code() {
        let guide = include_str!("../../../docs/guide/command-line.md");
        for (exit, meaning) in Exit::TABLE {
            assert!(guide.contains(&format!("| {} | {meaning} |", exit as u8)), "{} {meaning}", exit as u8);
        }
    }

    #[test]
    fn a_name_cannot_break_the_line() {
        assert_eq!(shown(Path::new("a\nb\u{1b}[2J")), r#""a\nb\u{1b}[2J""#);
        assert_eq!(shown(Path::new("café 1.txt")), "café 1.txt");
        assert_eq!(shown(Path::new("a\u{202e}fdp.exe")), r#""a\u{202e}fdp.exe""#);
        assert_eq!(printable("a\u{9b}2J\r\n\u{2066}é"), r"a\u{9b}2J\r\n\u{2066}é");
        assert_eq!(printable("\"quoted\" 'é'"), "\"quoted\" 'é'");
    }
}
