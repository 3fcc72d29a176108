//! Keys in Azure Key Vault and Managed HSM, against a server that answers as the service's documentation says, and computes RSA-OAEP and AES key wrapping.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicKeyComponents,
};
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use common::keys::{ASSOCIATED, FILE_KEY, at_once, envelopes, only_what_it_wrapped, rsa_key};
use common::service::{Fault, Reply, Request, Service, closed};
use fortress::external::ExternalKey as _;
use fortress_hsm::cloud::{AzureCredentials, AzureKey, Patience};
use serde_json::{Value, json};

const TOKEN: &str = "eyJ0.token-of-the.tests";
const VAULT: &str = "azurekv:https://team.vault.azure.net/keys/";
const HSM: &str = "azurekv:https://team.managedhsm.azure.net/keys/";
const FIRST: &str = "0698c2156c1a4e1da5b6bab6f6422fd6";
const SECOND: &str = "c96ce0fb18de446c9f4b911b686988af";

#[test]
fn an_rsa_key_wraps_by_oaep_in_the_version_that_is_current() {
    let azure = Azure::start();
    let key = azure.key(&format!("{VAULT}kek"));
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    let asked = azure.service.asked();
    let lines: Vec<&str> = asked.iter().map(Request::line).collect();
    let wrap = format!("POST /keys/kek/{FIRST}/wrapkey?api-version=7.4");
    assert_eq!(lines, ["GET /keys/kek?api-version=7.4", &wrap], "looked up once");
    assert!(asked.iter().all(|request| request.header("authorization") == Some(&format!("Bearer {TOKEN}"))));
    assert_eq!(asked[1].json()["alg"], "RSA-OAEP-256");
    // version, way, the key's version, and as many bytes as the modulus has.
    assert_eq!(wrapped[..3], [1, 1, 32]);
    assert_eq!((&wrapped[3..35], wrapped.len()), (FIRST.as_bytes(), 35 + 256));

    assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
    let asked = azure.service.asked();
    assert_eq!(asked.len(), 1, "one call");
    assert_eq!(asked[0].line(), format!("POST /keys/kek/{FIRST}/unwrapkey?api-version=7.4"));
    key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    assert_eq!(azure.service.asked().len(), 1, "not looked up again");
    only_what_it_wrapped(&|wrapped, associated| key.unwrap_key(wrapped, associated), &wrapped, &[0, 1, 40]);
    envelopes(&key, &azure.key(&format!("{VAULT}other")));
    let other = azure.key(&format!("{VAULT}other"));
    assert_eq!(*other.unwrap_key(&other.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap(), &ASSOCIATED).unwrap(), FILE_KEY);

    // After a rotation there is a new version for who looks, and what the former wrapped is unwrapped by it.
    azure.keys.lock().unwrap()[0].versions.push(Version::rsa(SECOND));
    let rotated = azure.key(&format!("{VAULT}kek"));
    let by_the_second = rotated.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    assert_eq!(&by_the_second[3..35], SECOND.as_bytes());
    assert_eq!(*rotated.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
    assert_eq!(*key.unwrap_key(&by_the_second, &ASSOCIATED).unwrap(), FILE_KEY);
    // A wrapped key that says another version than wrapped it.
    let moved = [&by_the_second[..3], FIRST.as_bytes(), &by_the_second[35..]].concat();
    assert_eq!(key.unwrap_key(&moved, &ASSOCIATED).unwrap_err().code(), "authentication_failed");
    let pinned = azure.key(&format!("{VAULT}kek/{FIRST}"));
    assert_eq!(&pinned.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap()[3..35], FIRST.as_bytes());
    assert_eq!(pinned.reference(), format!("{VAULT}kek"));

    azure.keys.lock().unwrap()[0].versions[0].enabled = false;
    let error = key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "key_refused" && error.to_string().contains("disabled key"), "{error}");
    // The service would wrap by it, and nobody could unwrap.
    let error = azure.key(&format!("{VAULT}kek/{FIRST}")).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "external_key_unsuitable" && error.to_string().contains("disabled"), "{error}");
}

#[test]
fn an_aes_key_wraps_by_key_wrapping() {
    let azure = Azure::start();
    let key = azure.key(&format!("{HSM}aes"));
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    assert_eq!(azure.service.asked()[1].json()["alg"], "A256KW");
    assert_eq!((&wrapped[..3], wrapped.len()), (&[1, 2, 32][..], 35 + 72));
    assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
    only_what_it_wrapped(&|wrapped, associated| key.unwrap_key(wrapped, associated), &wrapped, &[0, 1, 40]);
    envelopes(&key, &azure.key(&format!("{VAULT}kek")));
}

#[test]
fn a_version_in_a_header_leads_nowhere() {
    let azure = Azure::start();
    let key = azure.key(&format!("{VAULT}kek"));
    for version in ["", "..", "a/../b", "a?b", "a\r\nb", "%2e%2e", &"a".repeat(65)] {
        let wrapped = [&[1, 1, version.len() as u8], version.as_bytes(), &[7; 256]].concat();
        assert_eq!(key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err().code(), "authentication_failed", "{version}");
    }
    assert_eq!(azure.service.asked().len(), 0);
    // One that is none of the key's is for the service to refuse.
    let wrapped = [&[1, 1, 1][..], b"a", &[7; 256]].concat();
    let error = key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "key_refused" && error.to_string().contains("KeyNotFound"), "{error}");
}

#[test]
fn what_the_service_refuses() {
    let azure = Azure::start();
    let key = azure.key(&format!("{VAULT}kek"));
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    azure.service.asked();
    let refused = |status: u16, body: String, words: &str| {
        azure.service.next([Fault::Reply(status, body.clone()), Fault::Reply(status, body.clone())]);
        let looked_up = azure.key(&format!("{VAULT}kek"));
        azure.service.next([Fault::Reply(status, body)]);
        for error in [
            key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err(),
            key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err(),
            looked_up.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err(),
        ] {
            assert!(error.code() == "key_refused" && error.to_string().contains(words), "{status}: {error}");
            assert!(!format!("{error:?}").contains(TOKEN));
        }
        assert_eq!(azure.service.asked().len(), 3, "{status}: tried once");
    };
    refused(401, failure("Unauthorized", "AKV10032: Invalid issuer."), "AKV10032");
    refused(
        403,
        failure("Forbidden", "The user, group or application does not have keys wrapKey permission"),
        "permission",
    );
    refused(404, failure("KeyNotFound", "A key with (name/id) kek was not found in this key vault."), "not found");
    refused(400, failure("NotSupported", "Operation is not supported by this key type"), "key type");
    refused(302, String::new(), "no reason");
    let error = azure.key(&format!("{VAULT}nowhere")).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.to_string().contains("KeyNotFound"), "{error}");
}

#[test]
fn what_may_pass_is_tried_again() {
    let azure = Azure::start();
    let key = azure.key(&format!("{VAULT}kek"));
    let busy =
        |status| Fault::Reply(status, failure("Throttled", "Request was not processed because too many requests"));
    azure.service.next([busy(429), busy(503)]);
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    assert_eq!(azure.service.asked().len(), 4);
    azure.service.next([busy(429), busy(500), busy(502)]);
    let error = key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "key_unavailable" && error.to_string().contains("502"), "{error}");
    assert_eq!(azure.service.asked().len(), 3);

    let short = || Patience { timeout: Duration::from_millis(50), ..at_once() };
    let at = |address: &str| {
        AzureKey::new(&format!("{VAULT}kek"), Some(address), AzureCredentials::token(TOKEN), short()).unwrap()
    };
    let error = at(&closed()).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.to_string().contains("cannot be reached") && !error.to_string().contains(TOKEN), "{error}");
    azure.service.next([Fault::Silence, Fault::Silence, Fault::Silence]);
    let error = at(&azure.service.address).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.to_string().contains("in time"), "{error}");
    azure.service.next([0; 3].map(|_| Fault::Reply(200, "x".repeat(100_000))));
    let error = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
}

#[test]
fn keys_and_answers_that_will_not_do() {
    let azure = Azure::start();
    let looked_up = |damage: fn(&mut Value)| {
        azure.service.next([Fault::Damage(damage)]);
        azure.key(&format!("{VAULT}kek")).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err()
    };
    let unsuitable: [fn(&mut Value); 5] = [
        |answer| answer["attributes"]["enabled"] = false.into(),
        |answer| answer["key"]["kty"] = "EC".into(),
        |answer| answer["key"]["kty"] = Value::Null,
        |answer| answer["key"]["n"] = BASE64_URL_SAFE_NO_PAD.encode([7; 128]).into(),
        |answer| answer["key"]["n"] = Value::Null,
    ];
    for damage in unsuitable {
        assert_eq!(looked_up(damage).code(), "external_key_unsuitable");
    }
    let another: [fn(&mut Value); 3] = [
        |answer| answer["key"]["kid"] = format!("https://team.vault.azure.net/keys/other/{FIRST}").into(),
        |answer| answer["key"]["kid"] = "https://team.vault.azure.net/keys/kek/..".into(),
        |answer| answer["key"]["kid"] = Value::Null,
    ];
    for damage in another {
        assert_eq!(looked_up(damage).code(), "unexpected_answer");
    }
    let key = azure.key(&format!("{VAULT}kek"));
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    let answers: [fn(&mut Value); 4] = [
        |answer| answer["kid"] = format!("https://team.vault.azure.net/keys/kek/{SECOND}").into(),
        |answer| answer["value"] = "".into(),
        |answer| answer["value"] = "*".into(),
        |answer| *answer = json!([]),
    ];
    for damage in answers {
        azure.service.next([Fault::Damage(damage)]);
        assert_eq!(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err().code(), "unexpected_answer");
    }
    // What is not as long as both, or not text, was wrapped by no writer.
    azure.service.next([Fault::Damage(|answer| answer["value"] = BASE64_URL_SAFE_NO_PAD.encode([7; 32]).into())]);
    assert_eq!(key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err().code(), "authentication_failed");
    azure.service.next([Fault::Damage(|answer| answer["value"] = Value::Null)]);
    assert_eq!(key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err().code(), "unexpected_answer");
}

#[test]
fn an_application_asks_for_tokens_by_its_secret() {
    let azure = Azure::start();
    let tokens = Service::start(|request| {
        assert_eq!(request.line(), "POST /tenant-1/oauth2/v2.0/token");
        let field = |name: &str| request.field(name).unwrap();
        assert_eq!(field("grant_type"), "client_credentials");
        assert_eq!((field("client_id"), field("client_secret")), ("client-1".into(), "se~same &+=%".into()));
        assert_eq!(field("scope"), "https://vault.azure.net/.default");
        (200, json!({ "access_token": TOKEN, "expires_in": 3_599, "token_type": "Bearer" }).to_string())
    });
    let application =
        || AzureCredentials::client_secret("tenant-1", "client-1", "se~same &+=%").authority(&tokens.address);
    let key = azure.key_with(application());
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    key.unwrap_key(&wrapped, &ASSOCIATED).unwrap();
    assert_eq!((tokens.asked().len(), azure.service.asked().len()), (1, 3));
    azure.service.next([Fault::Reply(401, failure("Unauthorized", "Token expired"))]);
    key.unwrap_key(&wrapped, &ASSOCIATED).unwrap();
    assert_eq!((tokens.asked().len(), azure.service.asked().len()), (1, 2));
    tokens.next([Fault::Reply(
        401,
        json!({ "error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided." })
            .to_string(),
    )]);
    let error = azure.key_with(application()).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "key_refused" && error.to_string().contains("AADSTS7000215"), "{error}");
    for said in [format!("{error:?}"), format!("{key:?}"), format!("{:?}", application())] {
        assert!(!said.contains("same"), "{said}");
    }
    let new = |tenant: &str, authority: &str| {
        let credentials = AzureCredentials::client_secret(tenant, "c", "s").authority(authority);
        AzureKey::new(&format!("{VAULT}kek"), None, credentials, at_once()).unwrap_err()
    };
    assert_eq!(new("a/../b", &tokens.address).code(), "no_credentials");
    assert_eq!(new("tenant", "http://login.example.org").code(), "invalid_address");
}

#[test]
fn tokens_from_the_machine() {
    let azure = Azure::start();
    let machine = Service::start(|request| {
        let path =
            "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault%2Eazure%2Enet";
        assert!(request.line() == path || request.line() == format!("{path}&client%5Fid=a").replace("%5F", "_"));
        assert_eq!(request.header("metadata"), Some("true"));
        // As texts, as it writes them.
        (200, json!({ "access_token": TOKEN, "expires_in": "3599", "token_type": "Bearer" }).to_string())
    });
    let at = |address: &str, client| azure.key_with(AzureCredentials::managed_identity(client).authority(address));
    machine.next([Fault::Reply(404, String::new()), Fault::Reply(410, String::new())]);
    let key = at(&machine.address, None);
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    key.unwrap_key(&wrapped, &ASSOCIATED).unwrap();
    assert_eq!(machine.asked().len(), 3);
    at(&machine.address, Some("a")).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    assert!(machine.asked()[0].line().ends_with("&client_id=a"));
    machine.next([Fault::Reply(
        400,
        json!({ "error": "invalid_request", "error_description": "Identity not found" }).to_string(),
    )]);
    let error = at(&machine.address, None).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "key_refused" && error.to_string().contains("Identity not found"), "{error}");
    let error = at(&closed(), None).wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err();
    assert!(error.code() == "no_credentials" && error.to_string().contains("AZURE_CLIENT_SECRET"), "{error}");
}

#[test]
fn what_names_no_key() {
    for uri in ["team.vault.azure.net", "team.managedhsm.azure.net", "t-1.vault.azure.cn", "t.vault.usgovcloudapi.net"]
    {
        assert!(AzureKey::is_uri(&format!("azurekv:https://{uri}/keys/kek")), "{uri}");
    }
    for uri in [
        "azurekv:",
        "azurekv:kek",
        "https://team.vault.azure.net/keys/kek",
        "azurekv:http://team.vault.azure.net/keys/kek",
        "azurekv:https://team.vault.azure.net/keys/",
        "azurekv:https://team.vault.azure.net/keys/a b",
        "azurekv:https://team.vault.azure.net/keys/a/b/c",
        "azurekv:https://team.vault.azure.net/keys/a/..",
        "azurekv:https://team.vault.azure.net/secrets/a",
        "azurekv:https://team.vault.azure.net:8443/keys/a",
        // Tokens go to no one else.
        "azurekv:https://vault.azure.net/keys/a",
        "azurekv:https://team.vault.azure.net.example.org/keys/a",
        "azurekv:https://example.org/keys/a",
        "azurekv:https://a@team.vault.azure.net/keys/a",
        "azurekv:https://example.org#.vault.azure.net/keys/a",
    ] {
        assert!(!AzureKey::is_uri(uri), "{uri}");
    }
    let uri = format!("{VAULT}kek");
    let key = AzureKey::new(&uri, None, AzureCredentials::token(TOKEN), at_once()).unwrap();
    assert_eq!(key.reference(), uri);
    assert!(!format!("{key:?}").contains(TOKEN));
}

/// The service, with RSA keys and one of AES.
struct Azure {
    service: Service,
    keys: Arc<Mutex<Vec<Kept>>>,
}

struct Kept {
    name: &'static str,
    /// The last one is current.
    versions: Vec<Version>,
}

struct Version {
    id: &'static str,
    secret: Secret,
    enabled: bool,
}

enum Secret {
    Rsa(Vec<u8>),
    Aes([u8; 32]),
}

impl Version {
    fn rsa(id: &'static str) -> Version {
        Version { id, secret: Secret::Rsa(rsa_key()), enabled: true }
    }
}

impl Azure {
    fn start() -> Azure {
        let aes = Version { id: FIRST, secret: Secret::Aes([3; 32]), enabled: true };
        let keys = Arc::new(Mutex::new(vec![
            Kept { name: "kek", versions: vec![Version::rsa(FIRST)] },
            Kept { name: "other", versions: vec![Version::rsa(FIRST)] },
            Kept { name: "aes", versions: vec![aes] },
        ]));
        let answering = Arc::clone(&keys);
        Azure { service: Service::start(move |request| answer(&answering.lock().unwrap(), request)), keys }
    }

    fn key(&self, uri: &str) -> AzureKey {
        AzureKey::new(uri, Some(&self.service.address), AzureCredentials::token(TOKEN), at_once()).unwrap()
    }

    fn key_with(&self, credentials: AzureCredentials) -> AzureKey {
        AzureKey::new(&format!("{VAULT}kek"), Some(&self.service.address), credentials, at_once()).unwrap()
    }
}

/// As the documentation of Get Key, Wrap Key and Unwrap Key has it.
fn answer(keys: &[Kept], request: &Request) -> Reply {
    if request.header("authorization") != Some(format!("Bearer {TOKEN}").as_str()) {
        return (401, failure("Unauthorized", "AKV10000: Request is missing a Bearer or PoP token."));
    }
    let (method, path) = request.line().split_once(" /keys/").unwrap();
    let parts: Vec<&str> = path.strip_suffix("?api-version=7.4").unwrap().split('/').collect();
    let key = keys.iter().find(|key| key.name == parts[0]);
    let version = key.and_then(|key| match parts.get(1) {
        None => key.versions.last(),
        Some(id) => key.versions.iter().find(|version| version.id == *id),
    });
    let Some(version) = version else {
        return (404, failure("KeyNotFound", &format!("A key with (name/id) {path} was not found in this key vault.")));
    };
    let kid = format!("https://team.vault.azure.net/keys/{}/{}", parts[0], version.id);
    if method == "GET" {
        let mut key = json!({ "kid": kid, "key_ops": ["wrapKey", "unwrapKey"] });
        match &version.secret {
            Secret::Rsa(pkcs8) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(RsaKeyPair::from_pkcs8(pkcs8).unwrap().public_key());
                key["kty"] = "RSA".into();
                key["n"] = BASE64_URL_SAFE_NO_PAD.encode(public.n).into();
                key["e"] = BASE64_URL_SAFE_NO_PAD.encode(public.e).into();
            }
            Secret::Aes(_) => key["kty"] = "oct-HSM".into(),
        }
        return (200, json!({ "key": key, "attributes": { "enabled": version.enabled } }).to_string());
    }
    let body = request.json();
    let value = BASE64_URL_SAFE_NO_PAD.decode(body["value"].as_str().unwrap()).unwrap();
    let mut output = vec![0; 512];
    let done = match (parts[2], body["alg"].as_str().unwrap(), &version.secret) {
        ("unwrapkey", ..) if !version.enabled => {
            return (403, failure("Forbidden", "Operation unwrapKey is not allowed on a disabled key."));
        }
        ("wrapkey", "RSA-OAEP-256", Secret::Rsa(pkcs8)) => {
            let key =
                OaepPublicEncryptingKey::new(PrivateDecryptingKey::from_pkcs8(pkcs8).unwrap().public_key()).unwrap();
            key.encrypt(&OAEP_SHA256_MGF1SHA256, &value, &mut output, None).map(|value| value.to_vec())
        }
        ("unwrapkey", "RSA-OAEP-256", Secret::Rsa(pkcs8)) => {
            let key = OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(pkcs8).unwrap()).unwrap();
            key.decrypt(&OAEP_SHA256_MGF1SHA256, &value, &mut output, None).map(|value| value.to_vec())
        }
        ("wrapkey", "A256KW", Secret::Aes(secret)) => {
            AesKek::new(&AES_256, secret).unwrap().wrap(&value, &mut output).map(|value| value.to_vec())
        }
        ("unwrapkey", "A256KW", Secret::Aes(secret)) => {
            AesKek::new(&AES_256, secret).unwrap().unwrap(&value, &mut output).map(|value| value.to_vec())
        }
        _ => return (400, failure("BadParameter", "Property has invalid value: alg")),
    };
    match done {
        Ok(value) => (200, json!({ "kid": kid, "value": BASE64_URL_SAFE_NO_PAD.encode(value) }).to_string()),
        Err(_) => (400, failure("BadParameter", "The parameter is incorrect.")),
    }
}

fn failure(code: &str, message: &str) -> String {
    json!({ "error": { "code": code, "message": message } }).to_string()
}
