//! `fortress encrypt`.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use fortress::Passphrase;
use fortress::envelope::{self, Metadata, Options, Recipient};
use fortress::external::ExternalKey;
use serde_json::json;

use super::{SUFFIX, only_folder, sources, tree};
use crate::arguments::{Common, Encrypt, UsedKeyring};
use crate::failure::{Failure, shown};
use crate::input::{Input, Source};
use crate::keyrings::{self, Used};
use crate::output::{Care, Output, Target};
use crate::pipeline;
use crate::progress::Progress;
use crate::random;
use crate::recipients::Recipients;
use crate::report::Report;

/// Metadata keys that start so are this program's own.
pub(super) const RESERVED: &str = "fortress.";

pub(super) fn run(arguments: &Encrypt, common: &Common, report: &mut Report) -> Result<(), Failure> {
    let writing = Writing::new(arguments, common)?;
    if arguments.recursive {
        let output = arguments.output.as_deref().unwrap_or(Path::new("."));
        return tree::encrypt(&writing, only_folder(&arguments.files)?, output, arguments.encrypt_names, report);
    }
    let sources = sources(&arguments.files)?;
    let folder = arguments.output.as_deref().filter(|path| path.is_dir());
    if sources.len() > 1 && arguments.output.is_some() && folder.is_none() {
        return Err(Failure::usage("several files go into a folder: make it first and name it with -o"));
    }
    for source in &sources {
        let encrypted = target(source, arguments.output.as_deref(), folder)
            .and_then(|target| writing.encrypt(source, &target, Metadata::default(), report));
        match encrypted {
            Err(failure) if sources.len() == 1 => return Err(failure),
            Err(failure) => report.failed(&failure),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// What it takes to write envelopes.
pub(super) struct Writing {
    keyring: Option<Used>,
    external: Vec<Box<dyn ExternalKey>>,
    passphrase: Option<Passphrase>,
    others: Recipients,
    options: Options,
    care: Care,
}

impl Writing {
    fn new(arguments: &Encrypt, common: &Common) -> Result<Writing, Failure> {
        let Encrypt { keyring: used, passphrase, recipients, data_key, to, suite, bound, metadata, force, .. } =
            arguments;
        if used.keyring.is_none() && recipients.is_empty() && !passphrase && to.is_empty() {
            return Err(Failure::usage(
                "nobody could open it: give -k KEYRING, --to IDENTITY, -p to encrypt for a passphrase, or --recipient URI",
            ));
        }
        let UsedKeyring { keyring: file, unlock, trust, .. } = used;
        if file.is_none() && !(unlock.identity.is_empty() && unlock.share.is_empty() && trust.trust.is_empty()) {
            return Err(Failure::usage(
                "--identity, --share and --trust open what -k names; to encrypt for people, give --to",
            ));
        }
        if let Some((key, _)) = metadata.iter().find(|(key, _)| key.starts_with(RESERVED)) {
            return Err(Failure::usage(format!("metadata keys that start with {RESERVED} are taken; rename {key:?}")));
        }
        let options = Options {
            suite: *suite,
            context: keyrings::context(&bound.context)?,
            metadata: Metadata::new(metadata.iter().cloned()),
        };
        let keyring = match &used.keyring {
            None => None,
            Some(path) => {
                let (unlock, trust, scope) = (&used.unlock, &used.trust, used.scope.as_ref());
                Some(Used::open(path, unlock, trust, scope, common)?)
            }
        };
        let key = |uri| if *data_key { common.hardware.open_for_many(uri) } else { common.hardware.open(uri) };
        let external = recipients.iter().map(key).collect::<Result<_, _>>()?;
        let passphrase = match (passphrase, &keyring) {
            (false, _) => None,
            (true, Some(_)) => Some(common.passphrases.setting("the files")?),
            (true, None) => Some(common.passphrases.setting_only("the files")?),
        };
        let others = to.recipients()?;
        let care = Care { force: *force, durable: *force, ..Care::default() };
        Ok(Writing { keyring, external, passphrase, others, options, care })
    }

    pub(super) fn encrypt(
        &self,
        source: &Source,
        target: &Target,
        added: Metadata,
        report: &Report,
    ) -> Result<(), Failure> {
        let mut input = Input::open(source)?;
        let mut output = Output::open(target, Care { mode: input.mode, ..self.care })?;
        let new = self.create(added)?;
        let suite = new.suite();
        let (prefix, chunks) = new.into_parallel();
        output.write_all(&prefix).map_err(|error| Failure::write(output.name(), &error))?;
        let name = input.name.clone();
        let progress = Progress::start(&name, input.len, report.is_quiet());
        let passed = pipeline::run(chunks, input.rest()?, output.rest()?, &progress);
        drop(progress);
        let (read, written) = passed.map_err(|fault| fault.into_failure(&name, output.name()))?;
        output.commit()?;
        report.object(*target == Target::Stdout, || {
            json!({
                "file": name,
                "output": target.name(),
                "suite": suite.title(),
                "plaintext_length": read,
                "length": prefix.len() as u64 + written,
            })
        })
    }

    /// A small file that is made up here.
    pub(super) fn encrypt_bytes(&self, bytes: &[u8], target: &Target, added: Metadata) -> Result<(), Failure> {
        let (mut envelope, chunks) = self.create(added)?.into_stream();
        chunks.finish(bytes, &mut envelope)?;
        crate::output::write_file(target, &envelope, self.care)
    }

    /// A new envelope; once there is one, its shares are written.
    fn create(&self, added: Metadata) -> Result<envelope::NewEnvelope, Failure> {
        let keyring = self.keyring.iter().map(Used::recipient);
        let external = self.external.iter().map(|key| Recipient::External(&**key));
        let passphrase = self.passphrase.iter().map(Recipient::from);
        let recipients: Vec<Recipient<'_>> =
            keyring.chain(external).chain(passphrase).chain(self.others.list()).collect();
        let mut options = self.options.clone();
        if added != Metadata::default() {
            options.metadata = Metadata::new(options.metadata.iter().chain(added.iter()));
        }
        let new = envelope::create(&recipients, &options, &mut random::generator())?;
        self.others.write_shares()?;
        Ok(new)
    }
}

fn target(source: &Source, output: Option<&Path>, folder: Option<&Path>) -> Result<Target, Failure> {
    match (source, output, folder) {
        (Source::File(path), _, Some(folder)) => match path.file_name() {
            Some(name) => Ok(Target::File(encrypted_name(&folder.join(name)))),
            None => Err(Failure::usage(format!("{} has no file name; name the output with -o", shown(path)))),
        },
        (Source::Stdin, Some(path), Some(_)) => {
            Err(Failure::usage(format!("{} is a directory; name a file in it with -o", shown(path))))
        }
        (_, Some(path), None) => Ok(Target::from_argument(path)),
        (Source::File(path), None, _) => Ok(Target::File(encrypted_name(path))),
        (Source::Stdin, None, _) if std::io::stdout().is_terminal() => {
            Err(Failure::usage("encrypted data is not for a terminal; give -o FILE, or -o - if you mean it"))
        }
        (Source::Stdin, None, _) => Ok(Target::Stdout),
    }
}

/// `report.pdf` to `report.pdf.ftrs`.
pub(super) fn encrypted_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(SUFFIX);
    PathBuf::from(name)
}
