//! Keys in Google Cloud KMS, against a server that answers as the service's documentation says, and encrypts by AES-GCM.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::env;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use common::google::{Google, KEY, OTHER, TOKEN, failure, uri};
use common::keys::{ASSOCIATED, FILE_KEY, at_once, envelopes, only_what_it_wrapped, rsa_key};
use common::service::{Fault, Service, closed};
use fortress::external::ExternalKey as _;
use fortress_hsm::cloud::{GcpCredentials, GcpKmsKey, Patience};
use serde_json::{Value, json};

#[test]
fn what_a_key_wraps_it_unwraps_and_nothing_else() {
    let google = Google::start();
    let (key, other) = (google.key(KEY), google.key(OTHER));
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    let asked = google.service.asked();
    let [request] = &asked[..] else { panic!("one call: {asked:?}") };
    assert_eq!(request.line(), format!("POST /v1/{KEY}:encrypt"));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(request.header("content-type"), Some("application/json"));
    // 32 times the byte 9, and the version that the service's bytes begin with.
    let body = request.json();
    assert_eq!(body["additionalAuthenticatedData"], "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=");
    assert_eq!(BASE64_STANDARD.decode(body["plaintext"].as_str().unwrap()).unwrap(), FILE_KEY);
    assert_eq!((wrapped[0], wrapped[1], wrapped.len()), (1, 1, 2 + 12 + 32 + 16));

    assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
    assert_eq!(google.service.asked().len(), 1, "one call");
    only_what_it_wrapped(&|wrapped, associated| key.unwrap_key(wrapped, associated), &wrapped, &[0, 1, 20]);
    assert_eq!(other.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err().code(), "authentication_failed");
    envelopes(&key, &other);

    // Rotation goes on there, and the service tells its versions apart.
    google.keys.lock().unwrap()[0].versions.push((2, true));
    let by_the_second = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    assert_eq!(by_the_second[1], 2);
    assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
    google.keys.lock().unwrap()[0].versions[0].1 = false;
    let error = key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "key_refused" && error.to_string().contains("FAILED_PRECONDITION"), "{error}");
    assert_eq!(*key.unwrap_key(&by_the_second, &ASSOCIATED).unwrap(), FILE_KEY);
}

#[test]
fn what_the_service_refuses() {
    let google = Google::start();
    let key = google.key(KEY);
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    google.service.asked();
    let refused = |status: u16, body: String, words: &str| {
        google.service.next([Fault::Reply(status, body.clone()), Fault::Reply(status, body)]);
        for error in
            [key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err(), key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err()]
        {
            assert!(error.code() == "key_refused" && error.to_string().contains(words), "{status}: {error}");
            assert!(!format!("{error:?}").contains(TOKEN));
        }
        assert_eq!(google.service.asked().len(), 2, "{status}: tried once");
    };
    refused(401, failure(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), "UNAUTHENTICATED");
    refused(
        403,
        failure(403, "PERMISSION_DENIED", "Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied"),
        "denied",
    );
    refused(404, failure(404, "NOT_FOUND", "CryptoKey not found."), "not found");
    refused(404, "<!DOCTYPE html>".into(), "no reason");
    refused(307, String::new(), "(307)");
    refused(400, failure(400, "INVALID_ARGUMENT", "Resource name is malformed."), "malformed");
    refused(400, failure(400, "FAILED_PRECONDITION", "is not enabled, current state is: DESTROYED."), "DESTROYED");
    let elsewhere = google.key(&KEY.replace("kek", "nowhere")).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(elsewhere.to_string().contains("NOT_FOUND"), "{elsewhere}");
}

#[test]
fn what_may_pass_is_tried_again() {
    let google = Google::start();
    let key = google.key(KEY);
    let busy = |status, name| Fault::Reply(status, failure(status, name, "later"));
    google.service.next([busy(429, "RESOURCE_EXHAUSTED"), busy(503, "UNAVAILABLE")]);
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    assert_eq!(google.service.asked().len(), 3);
    google.service.next([busy(500, "INTERNAL"), busy(502, "INTERNAL"), busy(504, "DEADLINE_EXCEEDED")]);
    let error = key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "key_unavailable" && error.to_string().contains("504"), "{error}");
    assert_eq!(google.service.asked().len(), 3);

    // What was damaged on the way, in either direction.
    let damages: [fn(&mut Value); 5] = [
        |answer| answer["ciphertextCrc32c"] = "1".into(),
        |answer| answer["ciphertext"] = "AAAA".into(),
        |answer| answer["verifiedPlaintextCrc32c"] = false.into(),
        |answer| drop(answer.as_object_mut().unwrap().remove("verifiedAdditionalAuthenticatedDataCrc32c")),
        |answer| answer["ciphertextCrc32c"] = Value::Null,
    ];
    for damage in damages {
        google.service.next([Fault::Damage(damage)]);
        key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
        assert_eq!(google.service.asked().len(), 2);
        google.service.next([Fault::Damage(damage), Fault::Damage(damage), Fault::Damage(damage)]);
        let error = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
        assert!(error.code() == "key_unavailable" && error.to_string().contains("damaged"), "{error}");
        google.service.asked();
    }
    let checksum = "The checksum in field ciphertext_crc32c did not match the data in field ciphertext.";
    google.service.next([
        Fault::Damage(|answer| answer["plaintextCrc32c"] = "1".into()),
        Fault::Reply(400, failure(400, "INVALID_ARGUMENT", checksum)),
    ]);
    assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
    assert_eq!(google.service.asked().len(), 3);
}

#[test]
fn answers_that_no_service_gives() {
    let google = Google::start();
    let key = google.key(KEY);
    for answer in ["", "null", "[]", "{}", "<html>", "{\"ciphertext\":\"\"}"] {
        google.service.next([0; 3].map(|_| Fault::Reply(200, answer.into())));
        assert_eq!(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err().code(), "key_unavailable", "{answer}");
    }
    google.service.next([Fault::Damage(|answer| answer["name"] = format!("{OTHER}/cryptoKeyVersions/1").into())]);
    assert_eq!(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err().code(), "unexpected_answer");
    google.service.next([0; 3].map(|_| Fault::Reply(200, "x".repeat(100_000))));
    assert!(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err().to_string().contains("too long"));
    // A file key of another length is not one.
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    google.service.next([0; 3].map(|_| Fault::Damage(|answer| answer["plaintext"] = "AAAA".into())));
    assert_eq!(key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err().code(), "key_unavailable");

    let short = || Patience { timeout: Duration::from_millis(50), ..at_once() };
    let at = |address: &str| GcpKmsKey::new(&uri(KEY), Some(address), GcpCredentials::token(TOKEN), short()).unwrap();
    let error = at(&closed()).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.to_string().contains("cannot be reached") && !error.to_string().contains(TOKEN), "{error}");
    google.service.next([Fault::Silence, Fault::Silence, Fault::Silence]);
    let error = at(&google.service.address).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.to_string().contains("in time"), "{error}");
}

#[test]
fn a_service_account_asks_for_tokens_by_its_signature() {
    let google = Google::start();
    let pkcs8 = rsa_key();
    let public = RsaKeyPair::from_pkcs8(&pkcs8).unwrap().public_key().as_ref().to_vec();
    let lasts = Arc::new(Mutex::new(json!(3_599)));
    let answered = Arc::clone(&lasts);
    let tokens = Service::start(move |request| {
        assert_eq!(request.line(), "POST /token");
        assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(request.field("grant_type").unwrap(), "urn:ietf:params:oauth:grant-type:jwt-bearer");
        let assertion = request.field("assertion").unwrap();
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &public).verify(signed.as_bytes(), &signature).unwrap();
        let part = |part: &str| serde_json::from_slice::<Value>(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let (head, claims) = signed.split_once('.').map(|(head, claims)| (part(head), part(claims))).unwrap();
        assert_eq!(head, json!({ "alg": "RS256", "typ": "JWT", "kid": "key-1" }));
        assert_eq!(claims["iss"], "robot@p-1.iam.gserviceaccount.com");
        assert_eq!(claims["scope"], "https://www.googleapis.com/auth/cloudkms");
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3_600);
        (
            200,
            json!({ "access_token": TOKEN, "expires_in": *answered.lock().unwrap(), "token_type": "Bearer" })
                .to_string(),
        )
    });
    let account = account(&pkcs8, &format!("{}/token", tokens.address));
    let key = || google.key_with(GcpCredentials::service_account(&account.to_string()).unwrap());
    let wrap = |key: &GcpKmsKey| key.wrap_key(&FILE_KEY, &ASSOCIATED);
    let keeps = key();
    assert_eq!(tokens.asked().len(), 0, "not before it is needed");
    wrap(&keeps).unwrap();
    wrap(&keeps).unwrap();
    assert_eq!((tokens.asked().len(), google.service.asked().len()), (1, 2));
    // One that was revoked is asked for once more, and no further.
    let denied = || Fault::Reply(401, failure(401, "UNAUTHENTICATED", "no"));
    google.service.next([denied()]);
    wrap(&keeps).unwrap();
    assert_eq!((tokens.asked().len(), google.service.asked().len()), (1, 2));
    google.service.next([denied(), denied()]);
    assert_eq!(wrap(&keeps).unwrap_err().code(), "key_refused");
    assert_eq!((tokens.asked().len(), google.service.asked().len()), (1, 2));
    // One that ends too soon, or does not say when, is not kept.
    for seconds in [json!(59), json!("30"), Value::Null, json!(-1), json!("soon")] {
        *lasts.lock().unwrap() = seconds;
        let key = key();
        wrap(&key).unwrap();
        wrap(&key).unwrap();
        assert_eq!(tokens.asked().len(), 2);
    }
    let refused = |status, body: Value| {
        tokens.next([Fault::Reply(status, body.to_string())]);
        wrap(&key()).unwrap_err()
    };
    let error = refused(400, json!({ "error": "invalid_grant", "error_description": "Invalid JWT Signature." }));
    assert!(error.code() == "key_refused" && error.to_string().contains("Invalid JWT"), "{error}");
    for body in [json!({}), json!({ "access_token": "" }), json!({ "access_token": "a b\r\nc" })] {
        assert_eq!(refused(200, body).code(), "unexpected_answer");
    }
    assert!(!format!("{:?} {:?}", key(), GcpCredentials::service_account(&account.to_string())).contains("PRIVATE"));
}

#[test]
fn keys_of_accounts_that_are_none() {
    let pkcs8 = rsa_key();
    let with = |name: &str, value: Value| {
        let mut account = account(&pkcs8, "https://tokens.example.org/token");
        account[name] = value;
        account.to_string()
    };
    let pem = |label: &str, body: &str| json!(format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"));
    for json in [
        String::new(),
        "sesame".into(),
        with("type", json!("authorized_user")),
        with("client_email", Value::Null),
        with("private_key", json!("sesame")),
        with("private_key", pem("PRIVATE KEY", "c2VzYW1l")),
        with("private_key", pem("RSA PRIVATE KEY", &BASE64_STANDARD.encode(&pkcs8))),
    ] {
        let error = GcpCredentials::service_account(&json).unwrap_err();
        assert_eq!(error.code(), "no_credentials", "{json}");
        assert!(!error.to_string().contains("sesame") && !error.to_string().contains("c2Vz"), "{error}");
    }
    // Its token would be asked for in the clear.
    let account = account(&pkcs8, "http://tokens.example.org/token");
    let credentials = GcpCredentials::service_account(&account.to_string()).unwrap();
    let error = GcpKmsKey::new(&uri(KEY), None, credentials, at_once()).unwrap_err();
    assert_eq!(error.code(), "invalid_address");
}

#[test]
fn tokens_from_a_file_and_from_the_machine() {
    let google = Google::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let key = google.key_with(GcpCredentials::token_file(&path));
    let error = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "no_credentials" && error.to_string().contains("cannot be read"), "{error}");
    std::fs::write(&path, format!("{TOKEN}\n")).unwrap();
    key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    // It is read anew.
    std::fs::write(&path, "another-token").unwrap();
    assert_eq!(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err().code(), "key_refused");
    std::fs::write(&path, "two tokens").unwrap();
    let error = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "no_credentials" && !error.to_string().contains("two"), "{error}");
    for token in ["", "a b", "a\r\nb: c"] {
        let key = google.key_with(GcpCredentials::token(token));
        assert_eq!(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err().code(), "no_credentials", "{token:?}");
    }

    let machine = Service::start(|request| {
        assert_eq!(request.line(), "GET /computeMetadata/v1/instance/service-accounts/default/token");
        assert_eq!(request.header("metadata-flavor"), Some("Google"));
        (200, json!({ "access_token": TOKEN, "expires_in": 3_599, "token_type": "Bearer" }).to_string())
    });
    let key = google.key_with(GcpCredentials::machine(Some(machine.host())));
    machine.next([Fault::Reply(503, String::new())]);
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
    assert_eq!(machine.asked().len(), 2);
    // A machine of somebody else's.
    let nobody = closed();
    let key = google.key_with(GcpCredentials::machine(nobody.strip_prefix("http://")));
    let error = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(
        error.code() == "no_credentials" && error.to_string().contains("GOOGLE_APPLICATION_CREDENTIALS"),
        "{error}"
    );
    // In the clear no further than this machine.
    let credentials = GcpCredentials::machine(Some("metadata.example.org"));
    assert_eq!(GcpKmsKey::new(&uri(KEY), None, credentials, at_once()).unwrap_err().code(), "invalid_address");
}

/// In a process of its own, for its environment: people put a secret where the name of its file belongs.
#[test]
fn what_stands_in_place_of_a_file_is_not_repeated() {
    const NAME: &str = "what_stands_in_place_of_a_file_is_not_repeated";
    if env::var_os("FORTRESS_TEST_VARIABLES").is_some() {
        let error = match GcpKmsKey::from_env(&uri(KEY), at_once()) {
            Ok(key) => key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err(),
            Err(error) => error,
        };
        let said = format!("{error} {error:?}");
        assert!(error.code() == "no_credentials" && said.contains("cannot be read"), "{said}");
        let name = env::var("FORTRESS_TEST_VARIABLES").unwrap();
        assert!(said.contains(&format!("the file that {name} names")) && !said.contains("sesame"), "{said}");
        return;
    }
    for name in ["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "GOOGLE_APPLICATION_CREDENTIALS"] {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args([NAME, "--exact", "--nocapture"]).env("FORTRESS_TEST_VARIABLES", name);
        for other in ["GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"] {
            command.env_remove(other);
        }
        let output = command.env(name, "{\"private_key\":\"sesame\"}").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let key = GcpKmsKey::new(&uri(KEY), None, GcpCredentials::token_file("sesame"), at_once()).unwrap();
    assert!(!key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err().to_string().contains("sesame"));
}

#[test]
fn what_names_no_key() {
    assert!(GcpKmsKey::is_uri(&uri(KEY)) && GcpKmsKey::is_uri(&uri(&KEY.replace("p-1", "example.org:p"))));
    for name in [
        "",
        "kek",
        "projects/p/locations/l/keyRings/r/cryptoKeys/",
        "projects/p/locations/l/keyRings/r/cryptoKeys/..",
        "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
        "projects/p/locations/l/keyRings/r/cryptoKeys/k?a",
        "projects/p/locations/l/keyRings/r/cryptoKeys",
        "projects/p/locations/l/keyRings/r/Keys/k",
        "/projects/p/locations/l/keyRings/r/cryptoKeys/k",
        "projects/p/locations/l/keyRings/r a/cryptoKeys/k",
    ] {
        assert!(!GcpKmsKey::is_uri(&uri(name)), "{name}");
    }
    let key = GcpKmsKey::new(&uri(KEY), None, GcpCredentials::token(TOKEN), at_once()).unwrap();
    assert_eq!(key.reference(), uri(KEY));
    assert!(!format!("{key:?}").contains(TOKEN));
}

/// What Google gives as the key of a service account.
fn account(pkcs8: &[u8], token_uri: &str) -> Value {
    let lines: Vec<String> = BASE64_STANDARD
        .encode(pkcs8)
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    json!({
        "type": "service_account",
        "project_id": "p-1",
        "private_key_id": "key-1",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")),
        "client_email": "robot@p-1.iam.gserviceaccount.com",
        "token_uri": token_uri,
    })
}
