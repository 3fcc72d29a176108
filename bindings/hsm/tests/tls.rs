//! HTTPS to a service: whose certificate is believed, and how keys are agreed on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::env;
use std::fs;
use std::process::Command;
use std::sync::Arc;

use common::google::{Google, KEY, TOKEN, uri};
use common::keys::{ASSOCIATED, FILE_KEY, at_once};
use fortress_hsm::cloud::{CloudError, GcpCredentials, GcpKmsKey};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls_pki_types::PrivateKeyDer;

/// The service offers no other group than X-Wing's like, so that a client without it gets no connection: what is recorded of one today
/// stays closed to a quantum computer.
#[test]
fn keys_are_agreed_on_by_a_hybrid_group_with_whom_the_system_trusts() {
    if let Some(asked) = Asked::of_this_process() {
        return asked.go();
    }
    let (trusted, other) = (Authority::new("Trusted"), Authority::new("Other"));
    let ask = |authority: &Authority, believed: &Authority, of: fn(&str) -> String, refused: Option<&str>| {
        let google = Google::start_over(Some(authority.certified("localhost")));
        believed.ask(&of(&google.service.address), refused);
    };
    ask(&trusted, &trusted, str::to_owned, None);
    ask(&trusted, &other, str::to_owned, Some("UnknownIssuer"));
    // It is `localhost` that the certificate is for.
    ask(&trusted, &trusted, |address| address.replace("localhost", "127.0.0.1"), Some("not valid for name"));
}

/// What a process of its own asks: which authorities a system trusts is read from the environment.
struct Asked {
    address: String,
    /// In the error that is expected.
    refused: Option<String>,
}

impl Asked {
    fn of_this_process() -> Option<Asked> {
        let address = env::var("FORTRESS_TEST_ADDRESS").ok()?;
        Some(Asked { address, refused: env::var("FORTRESS_TEST_REFUSED").ok() })
    }

    fn go(self) {
        let key = GcpKmsKey::new(&uri(KEY), Some(&self.address), GcpCredentials::token(TOKEN), at_once()).unwrap();
        match (key.wrap_key(&FILE_KEY, &ASSOCIATED), self.refused) {
            (Ok(wrapped), None) => assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY),
            (Err(error), Some(words)) => {
                let said = error.to_string();
                assert!(matches!(error, CloudError::Untrusted { .. }) && said.contains(&words), "{said}");
            }
            (wrapped, refused) => panic!("{wrapped:?} where {refused:?} was expected"),
        }
    }
}

/// Who certifies services.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, in PEM, in a file.
    file: tempfile::NamedTempFile,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), params.self_signed(&key).unwrap().pem()).unwrap();
        Authority { issuer: Issuer::new(params, key), file }
    }

    /// A service of this name.
    fn certified(&self, name: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let provider =
            CryptoProvider { kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768], ..aws_lc_rs::default_provider() };
        let secret = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config =
            ServerConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], secret).unwrap())
    }

    /// Asks the service at an address, in a process that believes this authority and no other.
    fn ask(&self, address: &str, refused: Option<&str>) {
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg("--nocapture").env("SSL_CERT_FILE", self.file.path()).env_remove("SSL_CERT_DIR");
        command.env("FORTRESS_TEST_ADDRESS", address).envs(refused.map(|words| ("FORTRESS_TEST_REFUSED", words)));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
