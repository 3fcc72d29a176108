//! Keys in services: a real OpenBao, a stand-in for AWS KMS, and a server that answers what no service should.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::env;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use common::keys::{ASSOCIATED, FILE_KEY, envelopes, only_what_it_wrapped};
use common::service::{closed, read_request, reply};
use fortress::external::{ExternalKey, ExternalKeyError};
use fortress_hsm::cloud::{AwsCredentials, AwsKmsKey, CloudError, Patience, TransitKey, VaultToken, Wait};
use serde_json::{Value, json};

const TOKEN: &str = "token-of-the-tests";

#[test]
fn open_bao() {
    let server = Server::open_bao();
    server.admin("sys/mounts/transit", json!({ "type": "transit" }));
    for (name, kind) in [("kek", "aes256-gcm96"), ("other", "chacha20-poly1305"), ("rsa", "rsa-3072")] {
        server.admin(&format!("transit/keys/{name}"), json!({ "type": kind }));
        let key = server.transit(&format!("vault:transit/{name}"), TOKEN);
        let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
        // X-9, X-11.
        assert!(wrapped.starts_with(b"\x01vault:v1:"), "{name}");
        assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
        // The key's own rotation goes on there.
        server.admin(&format!("transit/keys/{name}/rotate"), json!({}));
        assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
        assert!(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap().starts_with(b"\x01vault:v2:"));
        // Its version, the text before the base64, and the ciphertext.
        let places = [0, 3, wrapped.len() / 2];
        only_what_it_wrapped(&|wrapped, associated| key.unwrap_key(wrapped, associated), &wrapped, &places);
    }
    let (kek, other) = (server.transit("vault:transit/kek", TOKEN), server.transit("vault:transit/other", TOKEN));
    let wrapped = kek.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    assert_eq!(other.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err().code(), "authentication_failed");
    envelopes(&kek, &other);

    let refused = |uri: &str, token: &str| {
        let error = server.transit(uri, token).unwrap_key(&wrapped, &ASSOCIATED).unwrap_err();
        assert_eq!(error.code(), "key_refused", "{error}");
        assert!(!error.to_string().contains(token) && !format!("{error:?}").contains(token));
        error.to_string()
    };
    assert!(refused("vault:transit/kek", "s.wrong-one").contains("permission denied"));
    assert!(refused("vault:transit/nowhere", TOKEN).contains("key not found"));
    assert!(refused("vault:mount/kek", TOKEN).contains("(404)"));
    assert!(!format!("{kek:?}").contains(TOKEN));
}

#[test]
fn aws_kms() {
    let server = Server::moto();
    let id = |key: Value| key["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let (first, second) = (id(server.kms("CreateKey", json!({}))), id(server.kms("CreateKey", json!({}))));
    server.kms("CreateAlias", json!({ "AliasName": "alias/kek", "TargetKeyId": first }));
    let open = |uri: &str| server.aws(uri, Some("us-east-1"));
    let key = open(&format!("awskms:{first}"));
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    assert_eq!(wrapped[0], 1);
    assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
    assert_eq!(*open("awskms:alias/kek").unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
    let error = key.unwrap_key(&wrapped, &[8; 32]).unwrap_err();
    assert_eq!(error.code(), "authentication_failed", "another encryption context: {error}");
    let mut changed = wrapped.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(key.unwrap_key(&changed, &ASSOCIATED).unwrap_err().code(), "authentication_failed");
    assert_eq!(key.unwrap_key(b"\x02abc", &ASSOCIATED).unwrap_err().code(), "authentication_failed");
    envelopes(&key, &open(&format!("awskms:{second}")));

    let error = open("awskms:alias/none").wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "key_refused" && error.to_string().contains("NotFoundException"), "{error}");
}

#[test]
fn one_call_an_envelope_signed_as_aws_wants_it() {
    let answer = json!({ "CiphertextBlob": "AAEC" }).to_string();
    let (address, requests) = scripted(vec![(200, answer)]);
    let credentials = AwsCredentials::new("AKIDEXAMPLE", "a-secret-key").session("a-session-token");
    let arn = "awskms:arn:aws:kms:eu-central-1:123456789012:key/a";
    let key = AwsKmsKey::new(arn, Some("us-east-1"), Some(&address), credentials, Patience::default()).unwrap();
    assert!(!format!("{key:?}").contains("secret-key") && !format!("{key:?}").contains("session-token"));
    assert_eq!(key.wrap(&FILE_KEY, &ASSOCIATED).unwrap(), [1, 0, 1, 2]);
    let requests = requests.join().unwrap();
    let [request] = &requests[..] else { panic!("{requests:?}") };
    let lower = request.to_lowercase();
    assert!(lower.contains("x-amz-target: trentservice.encrypt\r\n"), "{request}");
    assert!(lower.contains("x-amz-security-token: a-session-token\r\n"), "{request}");
    assert!(request.contains("/eu-central-1/kms/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature="), "{request}");
    assert!(!request.contains("a-secret-key"));
    let body: Value = serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body["KeyId"], "arn:aws:kms:eu-central-1:123456789012:key/a");
    // X-10: 32 times the byte 9.
    assert_eq!(body["EncryptionContext"]["fortress"], "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=");
}

#[test]
fn a_namespace_is_sent_with_every_call() {
    let (address, requests) = scripted(vec![(200, json!({ "data": { "ciphertext": "vault:v1:AAAA" } }).to_string())]);
    let key = || TransitKey::new("vault:transit/kek", &address, VaultToken::new(TOKEN), Patience::default()).unwrap();
    let team = key().namespace("/team/payments/").unwrap();
    team.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    let request = requests.join().unwrap().remove(0).to_lowercase();
    assert!(request.contains("\r\nx-vault-namespace: team/payments\r\n"), "{request}");
    assert_eq!(team.reference(), "vault:transit/kek");
    for path in ["", "/", "a//b", "a/../b", "a b", "a\r\nX-Vault-Token: b"] {
        assert_eq!(key().namespace(path).unwrap_err().code(), "invalid_external_key", "{path:?}");
    }
}

#[test]
fn what_may_pass_is_tried_again_and_nothing_else() {
    let ok = json!({ "data": { "ciphertext": "vault:v1:AAAA" } }).to_string();
    let waited = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&waited);
    let patience = Patience { wait: Wait::by(move |pause| seen.lock().unwrap().push(pause)), ..Patience::default() };
    let wrap = |answers: Vec<(u16, String)>| {
        let (address, requests) = scripted(answers);
        let key = TransitKey::new("vault:transit/kek", &address, VaultToken::new(TOKEN), patience.clone()).unwrap();
        let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED);
        // What was not asked for is not waited for.
        let host = address.strip_prefix("http://").unwrap().to_owned();
        drop(TcpStream::connect(host));
        (wrapped, requests.join().unwrap().len())
    };
    let errors = |text: &str| json!({ "errors": [text] }).to_string();

    let (wrapped, calls) = wrap(vec![(503, errors("sealed")), (429, String::new()), (200, ok.clone())]);
    assert_eq!((wrapped.unwrap(), calls), (b"\x01vault:v1:AAAA".to_vec(), 3));
    let pauses = std::mem::take(&mut *waited.lock().unwrap());
    assert!(pauses.len() == 2 && pauses[0] <= patience.first_pause && pauses[1] <= 2 * patience.first_pause);

    let (wrapped, calls) = wrap(vec![(503, String::new()), (502, String::new()), (500, String::new())]);
    let error = wrapped.unwrap_err();
    assert!(matches!(&error, CloudError::Unreachable { reason, tries: 3, .. } if reason.contains("500")), "{error}");
    assert_eq!(calls, 3);
    waited.lock().unwrap().clear();

    for (status, code) in [(400, "key_refused"), (403, "key_refused"), (404, "key_refused"), (307, "key_refused")] {
        let (wrapped, calls) = wrap(vec![(status, errors("no"))]);
        assert_eq!((wrapped.unwrap_err().code(), calls), (code, 1), "{status}");
    }
    for answer in ["", "null", "[]", "{\"data\":{}}", "{\"data\":{\"ciphertext\":\"\"}}", "<html>"] {
        let (wrapped, calls) = wrap(vec![(200, answer.to_owned())]);
        assert_eq!((wrapped.unwrap_err().code(), calls), ("unexpected_answer", 1), "{answer}");
    }
    let (wrapped, _) = wrap(vec![(200, "x".repeat(100_000)), (200, "x".repeat(100_000)), (200, "x".repeat(100_000))]);
    assert!(wrapped.unwrap_err().to_string().contains("too long"));
}

#[test]
fn no_patience_is_too_long() {
    let (address, requests) = scripted(vec![
        (503, String::new()),
        (503, String::new()),
        (200, json!({ "data": { "ciphertext": "vault:v1:AAAA" } }).to_string()),
    ]);
    let patience = Patience {
        timeout: Duration::MAX,
        first_pause: Duration::MAX,
        longest_pause: Duration::MAX,
        wait: Wait::by(|pause| assert!(pause <= Duration::from_secs(86_400))),
        ..Patience::default()
    };
    let key = TransitKey::new("vault:transit/kek", &address, VaultToken::new(TOKEN), patience).unwrap();
    key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    assert_eq!(requests.join().unwrap().len(), 3);
}

#[test]
fn a_service_that_is_not_there() {
    let patience = Patience { timeout: Duration::from_millis(50), wait: Wait::by(|_| ()), ..Patience::default() };
    let key = |address: &str| TransitKey::new("vault:transit/kek", address, VaultToken::new(TOKEN), patience.clone());
    let error = key(&closed()).unwrap().wrap(&FILE_KEY, &ASSOCIATED).unwrap_err();
    let ExternalKeyError::Unavailable { reason, .. } = &error else { panic!("{error:?}") };
    assert!(reason.contains("cannot be reached") && reason.contains("3 tries") && !reason.contains(TOKEN), "{reason}");
    // Someone who never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = key(&format!("http://{}", silent.local_addr().unwrap())).unwrap().wrap_key(&FILE_KEY, &ASSOCIATED);
    assert!(error.unwrap_err().to_string().contains("in time"));
}

/// In a process of its own, for its environment.
#[test]
fn what_is_on_this_machine_is_reached_without_a_proxy() {
    const NAME: &str = "what_is_on_this_machine_is_reached_without_a_proxy";
    if env::var_os("FORTRESS_TEST_PROXY").is_some() {
        let (address, requests) =
            scripted(vec![(200, json!({ "data": { "ciphertext": "vault:v1:AAAA" } }).to_string())]);
        let key = TransitKey::new("vault:transit/kek", &address, VaultToken::new(TOKEN), Patience::default()).unwrap();
        key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
        assert!(requests.join().unwrap()[0].contains(TOKEN));
        return;
    }
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([NAME, "--exact", "--nocapture"]).env("FORTRESS_TEST_PROXY", "yes");
    for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"] {
        command.env(name, &address).env(name.to_lowercase(), &address);
    }
    let mut child = command.env_remove("NO_PROXY").env_remove("no_proxy").stdout(Stdio::piped()).spawn().unwrap();
    let seen = thread::spawn(move || proxy.accept().and_then(|(mut stream, _)| stream.read(&mut [0; 512])).unwrap());
    let passed = child.wait().unwrap().success();
    // The connection that is not the child's, unless it was.
    drop(TcpStream::connect(address.strip_prefix("http://").unwrap()));
    assert_eq!((seen.join().unwrap(), passed), (0, true), "bytes that went to the proxy");
}

#[test]
fn what_names_no_key_or_no_place() {
    for uri in [
        "vault:",
        "vault:kek",
        "vault:/kek",
        "vault:transit/",
        "vault:a/../kek",
        "vault:a/b c",
        "vault:a/b?c",
        "Vault:a/b",
        "awskms:a",
    ] {
        assert!(!TransitKey::is_uri(uri), "{uri}");
    }
    assert!(TransitKey::is_uri("vault:team/transit/kek") && AwsKmsKey::is_uri("awskms:alias/kek"));
    for uri in ["awskms:", "awskms:a b", "awskms:a\n", "vault:a/b"] {
        assert!(!AwsKmsKey::is_uri(uri), "{uri}");
    }
    let at = |address: &str| TransitKey::new("vault:a/b", address, VaultToken::new(TOKEN), Patience::default());
    for address in [
        "",
        "vault.example.org",
        "http://vault.example.org",
        "ftp://127.0.0.1",
        "http://127.0.0.1.example.org",
        "http://localhost@example.org",
    ] {
        assert_eq!(at(address).unwrap_err().code(), "invalid_address", "{address}");
    }
    // Neither a password nor a token in the address's place is repeated, whether or not it parses.
    for (address, shown) in [
        ("https://user:sesame@vault.example.org", "https://vault.example.org"),
        ("https://user:p^sesame@vault.example.org", "https://vault.example.org"),
        ("https://user:p@sesame@vault.example.org/sesame", "https://vault.example.org"),
        ("ftp://user:sesame@vault.example.org?sesame", "ftp://vault.example.org"),
        ("https://vault example.org/?sesame", "https://vault example.org"),
        ("https://user:sesame/a@vault.example.org", "…"),
        ("user:sesame@vault.example.org", "…"),
        ("hvs.sesame", "…"),
    ] {
        assert_eq!(at(address).unwrap_err(), CloudError::Address { address: shown.to_owned() });
    }
    // Nor is a token that no header takes: it would never reach the service.
    for token in ["", "sesame\n", "sesame sesame", "sésame"] {
        let error = TransitKey::new("vault:a/b", "https://a", VaultToken::new(token), Patience::default()).unwrap_err();
        assert!(matches!(&error, CloudError::Credentials { .. }) && !error.to_string().contains("sam"), "{error}");
    }
    at("https://vault.example.org:8200/").unwrap();
    let aws =
        |region| AwsKmsKey::new("awskms:alias/a", region, None, AwsCredentials::new("a", "b"), Patience::default());
    for credentials in [AwsCredentials::new("a\n", "b"), AwsCredentials::new("a", "b").session("sesame\n")] {
        let error = AwsKmsKey::new("awskms:alias/a", Some("r"), None, credentials, Patience::default()).unwrap_err();
        assert!(matches!(&error, CloudError::Credentials { .. }) && !error.to_string().contains("sesame"), "{error}");
    }
    assert_eq!(aws(None).unwrap_err().code(), "no_credentials");
    assert!(aws(Some("")).unwrap_err().to_string().contains("is missing"));
    for region in ["a.example.org/", "evil.example.org/#", " "] {
        let error = aws(Some(region)).unwrap_err();
        assert!(
            matches!(&error, CloudError::Credentials { .. }) && error.to_string().contains("AWS_REGION"),
            "{error}"
        );
    }
    assert_eq!(aws(Some("eu-west-1")).unwrap().reference(), "awskms:alias/a");
}

/// A server of the virtual environment, ended when dropped.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn open_bao() -> Server {
        let port = free_port();
        let mut command = Command::new(environment().join("bin/bao"));
        command.args(["server", "-dev", "-dev-no-store-token"]);
        command.arg(format!("-dev-root-token-id={TOKEN}")).arg(format!("-dev-listen-address=127.0.0.1:{port}"));
        Server::start(command.stdout(Stdio::piped()).stderr(Stdio::null()), port, "Root Token")
    }

    fn moto() -> Server {
        let port = free_port();
        let mut command = Command::new(environment().join("bin/moto_server"));
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        Server::start(command.stdout(Stdio::null()).stderr(Stdio::piped()), port, "Running on")
    }

    /// Starts it, and waits until it says that it runs.
    fn start(command: &mut Command, port: u16, says: &str) -> Server {
        let mut process =
            command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; run `cargo xtask setup cloud`"));
        let mut output: Box<dyn std::io::Read + Send> = match process.stdout.take() {
            Some(stdout) => Box::new(stdout),
            None => Box::new(process.stderr.take().unwrap()),
        };
        let mut lines = BufReader::new(&mut output).lines();
        assert!(lines.any(|line| line.unwrap().contains(says)), "{command:?} ended before it ran");
        // It may go on writing.
        thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Server { process, address: format!("http://127.0.0.1:{port}") }
    }

    fn admin(&self, path: &str, body: Value) {
        let request = ureq::post(format!("{}/v1/{path}", self.address)).header("X-Vault-Token", TOKEN);
        request.send(body.to_string()).unwrap();
    }

    fn transit(&self, uri: &str, token: &str) -> TransitKey {
        TransitKey::new(uri, &self.address, VaultToken::new(token), Patience::default()).unwrap()
    }

    fn kms(&self, operation: &str, body: Value) -> Value {
        let scope =
            "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=x";
        let request = ureq::post(&self.address)
            .header("X-Amz-Target", format!("TrentService.{operation}"))
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("Authorization", scope);
        let text = request.send(body.to_string()).unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    fn aws(&self, uri: &str, region: Option<&str>) -> AwsKmsKey {
        let credentials = AwsCredentials::new("AKIDEXAMPLE", "a-secret-key");
        AwsKmsKey::new(uri, region, Some(&self.address), credentials, Patience::default()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The virtual environment that `cargo xtask setup cloud` makes.
fn environment() -> PathBuf {
    match env::var_os("FORTRESS_TEST_SERVICES") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python-cloud"),
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server that gives these answers, one a connection, and then what it was asked. A connection without a request ends it.
fn scripted(answers: Vec<(u16, String)>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let mut requests = Vec::new();
        for (status, answer) in answers {
            let (stream, _) = listener.accept().unwrap();
            let Some(request) = read_request(&stream) else { break };
            requests.push(request.head + &request.body);
            reply(&stream, status, &answer);
        }
        requests
    });
    (address, asked)
}
