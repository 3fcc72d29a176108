//! Keys in hardware modules on the command line, in tokens of software that speaks PKCS #11.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;
#[path = "../../../bindings/hsm/tests/common/softhsm.rs"]
mod softhsm;

use std::path::PathBuf;
use std::process::{Command, Output};

use common::document::run_document;
use common::{CHEAP, Sandbox, failed, pattern};

const PIN: &str = "correct-1234";
const KEK: &str = "pkcs11:token=vault;object=kek";

/// A sandbox with the token `vault`.
struct Hardware {
    sandbox: Sandbox,
    module: PathBuf,
}

impl Hardware {
    fn new() -> Hardware {
        let sandbox = Sandbox::new();
        let conf = softhsm::configure(&sandbox.path("."));
        softhsm::init_token(&conf, "vault", PIN);
        Hardware { sandbox, module: softhsm::module() }
    }

    fn with_key() -> Hardware {
        let hardware = Hardware::new();
        hardware.ok(&["hsm", "init-key", KEK]);
        hardware
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command
            .env("SOFTHSM2_CONF", self.sandbox.path("softhsm2.conf"))
            .env("FORTRESS_PKCS11_MODULE", &self.module)
            .env("FORTRESS_PIN", PIN);
        command
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    #[track_caller]
    fn fails(&self, exit: i32, words: &[&str], arguments: &[&str]) {
        failed(exit, words, &self.command(arguments).output().unwrap());
    }
}

#[test]
fn the_guide_is_true() {
    let hardware = Hardware::new();
    let usual = softhsm::MODULES.lines().next().unwrap();
    let page = include_str!("../../../docs/guide/hsm.md").replace(usual, hardware.module.to_str().unwrap());
    std::fs::create_dir(hardware.sandbox.path("work")).unwrap();
    hardware.sandbox.write("work/pin", PIN);
    hardware.sandbox.write("work/safe", "a passphrase that lies in a safe");
    hardware.sandbox.write("work/monday.txt", "Monday\n");
    hardware.sandbox.write("work/tuesday.txt", "Tuesday\n");
    run_document(&page, &hardware.sandbox, &[("SOFTHSM2_CONF", &hardware.sandbox.path("softhsm2.conf"))]);
}

#[test]
fn a_key_is_made_listed_and_used() {
    let hardware = Hardware::new();
    let sandbox = &hardware.sandbox;
    let tokens = hardware.ok(&["hsm", "list"]);
    assert!(
        tokens.contains("pkcs11:serial=") && tokens.contains(";token=vault") && tokens.contains("PIN ready"),
        "{tokens}"
    );
    assert_eq!(hardware.ok(&["hsm", "list", "pkcs11:token=vault"]), "");
    let made = hardware.ok(&["hsm", "init-key", KEK]);
    assert!(made.starts_with(&format!("{KEK};id=%")) && made.contains("aes-gcm"), "{made}");
    hardware.ok(&["hsm", "init-key", "pkcs11:token=vault;object=rsa", "--mechanism", "rsa-oaep"]);
    let keys: Vec<serde_json::Value> = hardware
        .ok(&["hsm", "list", "pkcs11:token=vault", "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<_> =
        keys.iter().map(|key| (key["kind"].as_str().unwrap(), key["mechanism"].as_str().unwrap())).collect();
    assert_eq!(kinds, [("AES-256", "aes-gcm"), ("RSA-3072", "rsa-oaep")]);

    sandbox.write("plain", pattern(100_000));
    hardware.ok(&["encrypt", "--recipient", KEK, "plain"]);
    hardware.ok(&["decrypt", "--key", KEK, "plain.ftrs", "-o", "back"]);
    assert!(sandbox.read("back") == pattern(100_000));
    let inspected: serde_json::Value =
        serde_json::from_str(&hardware.ok(&["inspect", "--json", "plain.ftrs"])).unwrap();
    assert_eq!(inspected["recipients"][0]["type"], "external");
    assert_eq!(inspected["recipients"][0]["reference"], keys[0]["key"]);
    hardware.ok(&["verify", "--key", "pkcs11:object=kek", "plain.ftrs"]);
    assert!(
        hardware.ok(&["decrypt", "--key", KEK, "--range", "0-10", "plain.ftrs"]).as_bytes() == &pattern(100_000)[..10]
    );

    // To another key, and to a keyring.
    hardware.ok(&["rewrap", "--key", KEK, "-r", "pkcs11:token=vault;object=rsa", "plain.ftrs"]);
    hardware.fails(4, &["object=rsa"], &["verify", "--key", KEK, "plain.ftrs"]);
    hardware.ok(&["verify", "--key", "pkcs11:type=private", "plain.ftrs"]);
    sandbox.make_keyring("k");
    let add = ["rewrap", "--key", "pkcs11:object=rsa", "-r", "k", "--add", "plain.ftrs"];
    let mut command = hardware.command(&add);
    assert!(command.env("FORTRESS_NEW_PASSPHRASE", common::PASSPHRASE).status().unwrap().success());
    hardware.ok(&["verify", "-k", "k", "plain.ftrs"]);
    hardware.ok(&["rewrap", "--key", "pkcs11:object=rsa", "plain.ftrs"]);
    hardware.ok(&["verify", "--key", "pkcs11:object=rsa", "plain.ftrs"]);
}

#[test]
fn a_keyring_in_a_token() {
    let hardware = Hardware::with_key();
    let sandbox = &hardware.sandbox;
    sandbox.write("plain", "secret");
    hardware.ok(&["keyring", "new", "-o", "k", "--recipient", KEK]);
    hardware.ok(&["encrypt", "-k", "k", "--unlock", KEK, "plain"]);
    hardware.ok(&["keyring", "rotate", "k", "--unlock", KEK]);
    hardware.ok(&["decrypt", "-k", "k", "--unlock", KEK, "plain.ftrs", "-o", "back"]);
    assert_eq!(sandbox.read("back"), b"secret");
    let token = hardware.ok(&["token", "encrypt", "-k", "k", "--unlock", KEK, "value"]);
    assert_eq!(hardware.ok(&["token", "decrypt", "-k", "k", "--unlock", KEK, token.trim()]), "value\n");
    hardware.fails(4, &["--unlock"], &["keyring", "show", "k"]);
    hardware.fails(
        2,
        &["--argon2 is of a passphrase"],
        &["keyring", "new", "-o", "x", "--recipient", KEK, "--argon2", CHEAP],
    );
    assert!(!sandbox.exists("x"));
}

#[test]
fn a_keyring_for_a_passphrase_and_a_token_is_rotated_for_both() {
    let hardware = Hardware::with_key();
    let sandbox = &hardware.sandbox;
    let opens = |by: &[&str]| hardware.ok(&[&["keyring", "show", "k"], by].concat());
    let run = |arguments: &[&str], new_passphrase: &str| {
        let output = hardware.command(arguments).env("FORTRESS_NEW_PASSPHRASE", new_passphrase).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    sandbox.write("safe", common::PASSPHRASE);
    hardware.ok(&["keyring", "new", "-o", "k", "--recipient", KEK, "-p"]);
    let by_key = ["--unlock", KEK];
    // Neither is shut out unnoticed.
    hardware.fails(2, &["2 recipients", "--recipient"], &["keyring", "rotate", "k"]);
    hardware.fails(2, &["2 recipients", "-p"], &["keyring", "rotate", "k", "--unlock", KEK]);
    // Opened by the passphrase.
    hardware.ok(&["keyring", "rotate", "k", "--recipient", KEK]);
    assert_eq!(opens(&[]), opens(&by_key));
    // Opened by the token, with the passphrase that it has.
    run(&["keyring", "rotate", "k", "--unlock", KEK, "-p"], common::PASSPHRASE);
    assert_eq!(opens(&[]), opens(&by_key));
    let versions = opens(&[]);
    assert_eq!(versions.lines().filter(|line| line.contains("decrypt")).count(), 2, "{versions}");
    // A key that opened it and is named is one recipient.
    run(&["keyring", "rotate", "k", "--unlock", KEK, "--recipient", KEK, "-p"], common::PASSPHRASE);
    let inspected: serde_json::Value = serde_json::from_str(&hardware.ok(&["inspect", "--json", "k"])).unwrap();
    assert_eq!(inspected["recipients"].as_array().unwrap().len(), 2);
    // Another passphrase, and the token stays, whichever opens it.
    run(&["keyring", "change-passphrase", "k", "--recipient", KEK], "the second one");
    hardware.fails(5, &["passphrase"], &["keyring", "show", "k"]);
    let refused = |words: &[&str], arguments: &[&str]| {
        let output = hardware.command(arguments).env("FORTRESS_NEW_PASSPHRASE", "the third one").output().unwrap();
        failed(2, words, &output);
    };
    refused(&["shut out"], &["keyring", "change-passphrase", "k", "--unlock", KEK]);
    run(&["keyring", "change-passphrase", "k", "--unlock", KEK, "--recipient", KEK], common::PASSPHRASE);
    assert_eq!(opens(&[]), opens(&by_key));
    refused(&["-p adds"], &["keyring", "rotate", "k", "-p"]);
    refused(&["-p adds"], &["keyring", "change-passphrase", "k", "--unlock", KEK, "-p"]);
    // From one that only the token opens to one that a passphrase opens too.
    hardware.ok(&["keyring", "rotate", "k", "--unlock", KEK, "--drop-others"]);
    hardware.fails(4, &["--unlock"], &["keyring", "show", "k"]);
    run(&["keyring", "rotate", "k", "--unlock", KEK, "-p"], common::PASSPHRASE);
    assert_eq!(opens(&[]), opens(&by_key));
}

#[test]
fn one_data_key_for_many_files() {
    let hardware = Hardware::with_key();
    let sandbox = &hardware.sandbox;
    let names = ["a", "b", "c"];
    names.iter().for_each(|name| sandbox.write(name, name));
    let encrypt = [&["encrypt", "--recipient", KEK, "--data-key"], &names[..]].concat();
    hardware.ok(&encrypt);
    let inspected = |name: &str| {
        let json = hardware.ok(&["inspect", "--json", name]);
        serde_json::from_str::<serde_json::Value>(&json).unwrap()["recipients"][0]["reference"].to_string()
    };
    assert!(names.iter().all(|name| inspected(&format!("{name}.ftrs")).starts_with("\"datakey:pkcs11:token=vault")));
    hardware.ok(&["verify", "--key", KEK, "a.ftrs", "b.ftrs", "c.ftrs"]);
    hardware.ok(&["decrypt", "--key", KEK, "b.ftrs", "-o", "back"]);
    assert_eq!(sandbox.read("back"), b"b");
    // Each stands alone, and is moved to the key itself.
    hardware.ok(&["rewrap", "--key", KEK, "c.ftrs"]);
    assert!(inspected("c.ftrs").starts_with("\"pkcs11:token=vault"));
    hardware.ok(&["verify", "--key", KEK, "c.ftrs"]);
    // Whoever takes the key out takes its data keys out.
    let add = ["rewrap", "--key", KEK, "--add", "-p", "a.ftrs"];
    let added = hardware.command(&add).env("FORTRESS_NEW_PASSPHRASE", common::PASSPHRASE).output().unwrap();
    assert!(added.status.success(), "{added:?}");
    let reference = inspected("c.ftrs");
    hardware.ok(&["rewrap", "--key", KEK, "--remove", reference.trim_matches('"'), "a.ftrs"]);
    hardware.fails(4, &["passphrase"], &["verify", "--key", KEK, "a.ftrs"]);
    hardware.ok(&["hsm", "init-key", "pkcs11:token=vault;object=other"]);
    hardware.fails(4, &["datakey:pkcs11:"], &["verify", "--key", "pkcs11:token=vault;object=other", "b.ftrs"]);
    hardware.fails(2, &["--recipient"], &["encrypt", "--data-key", "-p", "a", "-o", "x"]);
}

/// A recipient is named by any URI of its key, as where it opens; and never by one that names others besides.
#[test]
fn a_key_is_taken_out_by_its_uri() {
    let hardware = Hardware::with_key();
    hardware.sandbox.write("plain", "secret");
    let next = "pkcs11:token=vault;object=next";
    hardware.ok(&["hsm", "init-key", next]);
    hardware.ok(&["encrypt", "--recipient", KEK, "--recipient", next, "-p", "plain"]);
    let remove = |who: &'static str| ["rewrap", "--key", KEK, "plain.ftrs", "--remove", who];
    for nobody in ["pkcs11:token=vault", "pkcs11:object=other", "pkcs11:", "vault:transit/kek"] {
        hardware.fails(2, &["none of its recipients"], &remove(nobody));
    }
    hardware.ok(&remove(next));
    hardware.fails(4, &["plain.ftrs"], &["verify", "--key", next, "plain.ftrs"]);
    hardware.ok(&["verify", "--key", KEK, "plain.ftrs"]);
    // Grants are for keys too.
    hardware.sandbox.make_keyring("k");
    hardware.sandbox.write("grace.pub", hardware.ok(&["identity", "new", "-o", "grace", "--signing", "ed25519"]));
    let new = ["grant", "new", "-k", "k", "--scope", "acme", "--actions", "both", "--until", "1d", "--sign", "grace"];
    hardware.ok(&[&new[..], &["--recipient", KEK, "-o", "g"]].concat());
    let by = ["-k", "g", "--unlock", KEK, "--trust", "grace.pub"];
    hardware.ok(&[&["encrypt", "plain", "-o", "granted.ftrs"][..], &by].concat());
    hardware.ok(&["verify", "-k", "k", "--scope", "acme", "granted.ftrs"]);
}

#[test]
fn pins_come_from_a_file_the_environment_or_the_terminal() {
    let hardware = Hardware::with_key();
    let sandbox = &hardware.sandbox;
    sandbox.write("plain", "secret");
    sandbox.write("pin", format!("{PIN}\n"));
    sandbox.write("wrong", "wrong-1234");
    let with_pin = |arguments: &[&str]| {
        let mut command = hardware.command(arguments);
        command.env_remove("FORTRESS_PIN").output().unwrap()
    };
    assert!(with_pin(&["encrypt", "--recipient", KEK, "--pin-file", "pin", "plain"]).status.success());
    let by_source = format!("{KEK}?pin-source={}", sandbox.path("pin").display());
    assert!(with_pin(&["verify", "--key", &by_source, "plain.ftrs"]).status.success());
    // The file goes before the environment.
    hardware.fails(5, &["is wrong", "few tries"], &["verify", "--key", KEK, "--pin-file", "wrong", "plain.ftrs"]);
    hardware.fails(
        9,
        &["nowhere", "cannot be read", "check the path"],
        &["verify", "--key", KEK, "--pin-file", "nowhere", "plain.ftrs"],
    );
    let listed = hardware.ok(&["hsm", "list"]);
    assert!(listed.contains("PIN few tries left"), "{listed}");
    // An empty one costs no try: that it was wrong three times would lock the token.
    sandbox.write("empty", "\n");
    for _ in 0..3 {
        hardware.fails(
            11,
            &["is empty", "was not tried"],
            &["verify", "--key", KEK, "--pin-file", "empty", "plain.ftrs"],
        );
        let by_value = format!("{KEK}?pin-value=");
        hardware.fails(11, &["is empty"], &["verify", "--key", &by_value, "plain.ftrs"]);
    }
    assert_eq!(hardware.ok(&["hsm", "list"]), listed);
    hardware.fails(2, &["no label", "object="], &["hsm", "init-key", "pkcs11:token=vault"]);
    // In a session of its own there is no terminal.
    let program = env!("CARGO_BIN_EXE_fortress");
    let mut alone = Command::new("setsid");
    alone.args(["--wait", program, "verify", "--key", KEK, "plain.ftrs"]);
    let env = hardware.command(&[]);
    alone.envs(env.get_envs().filter_map(|(name, value)| Some((name, value?)))).env_remove("FORTRESS_PIN");
    let output = alone.current_dir(sandbox.path(".")).output().unwrap();
    failed(11, &["no PIN", "--pin-file", "FORTRESS_PIN"], &output);
    // What a header tells is the key, and neither the PIN nor where it is found.
    assert!(with_pin(&["encrypt", "--recipient", &by_source, "plain", "-o", "by-source"]).status.success());
    for word in [PIN, "pin-source", "module"] {
        assert!(!sandbox.read("by-source").windows(word.len()).any(|part| part == word.as_bytes()), "{word}");
    }
}

#[test]
fn a_pin_in_a_uri_is_told_to_nobody() {
    let hardware = Hardware::with_key();
    hardware.sandbox.write("plain", "secret");
    hardware.sandbox.make_keyring("k");
    hardware.ok(&["encrypt", "--recipient", KEK, "plain"]);
    for uri in [
        "pkcs11:token=vault;token=vault?pin-value=sesame",
        "pkcs11:token=vault;object=kek?pin-value=a&sesame",
        "pkcs12:token=vault?pin-value=sesame",
        "vault:kek?pin-value=sesame",
        "awskms:?pin-value=sesame",
        "gcpkms:projects/p?pin-value=sesame",
        "azurekv:https://example.org/keys/a?pin-value=sesame",
    ] {
        let mut commands = vec![
            vec!["encrypt", "--recipient", uri, "plain", "-o", "x"],
            vec!["verify", "--key", uri, "plain.ftrs"],
            vec!["keyring", "new", "-o", "x", "--recipient", uri],
            vec!["hsm", "list", uri],
            vec!["hsm", "init-key", uri],
        ];
        if !uri.starts_with("pkcs12:") {
            commands.push(vec!["rewrap", "--key", KEK, "-r", uri, "plain.ftrs"]);
            commands.push(vec!["verify", "-k", "k", "--unlock", uri, "plain.ftrs"]);
        }
        for mut arguments in commands {
            for json in [false, true] {
                arguments.extend(json.then_some("--json"));
                let output = hardware.command(&arguments).output().unwrap();
                let said = format!("{output:?}");
                assert!(output.status.code() == Some(2) && !said.contains("sesame"), "{arguments:?}: {said}");
            }
        }
    }
}

/// What services do is tested with the services, in the crate that calls them.
#[test]
fn keys_in_services() {
    let sandbox = Sandbox::new();
    sandbox.write("plain", "secret");
    let run = |uri: &str, environment: &[(&str, &str)]| {
        let mut command = sandbox.command(&["encrypt", "--recipient", uri, "plain"]);
        for name in [
            "VAULT_ADDR",
            "VAULT_TOKEN",
            "BAO_ADDR",
            "BAO_TOKEN",
            "AWS_ACCESS_KEY_ID",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "GOOGLE_OAUTH_ACCESS_TOKEN",
            "CLOUDSDK_AUTH_ACCESS_TOKEN",
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "AZURE_ACCESS_TOKEN",
            "AZURE_TENANT_ID",
            "AZURE_CLIENT_ID",
            "AZURE_CLIENT_SECRET",
        ] {
            command.env_remove(name);
        }
        command.envs(environment.iter().copied()).output().unwrap()
    };
    failed(2, &["vault:MOUNT/KEY"], &run("vault:kek", &[]));
    failed(2, &["awskms:"], &run("awskms:a b", &[]));
    failed(2, &["VAULT_ADDR"], &run("vault:transit/kek", &[]));
    failed(2, &["AWS_ACCESS_KEY_ID"], &run("awskms:alias/kek", &[]));
    let in_the_clear = [("VAULT_ADDR", "http://vault.example.org"), ("VAULT_TOKEN", "sesame")];
    failed(2, &["https://"], &run("vault:transit/kek", &in_the_clear));
    let key = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "sesame")];
    failed(2, &["AWS_REGION"], &run("awskms:alias/kek", &key));
    // Nobody listens there any more.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = run("vault:transit/kek", &[("VAULT_ADDR", &format!("http://{closed}")), ("VAULT_TOKEN", "sesame")]);
    failed(9, &["cannot be reached", "3 tries"], &output);
    // The same of the machine's own credentials, the last place that is looked at.
    let google = "gcpkms:projects/p/locations/l/keyRings/r/cryptoKeys/k";
    let azure = "azurekv:https://team.vault.azure.net/keys/k";
    failed(9, &["GOOGLE_APPLICATION_CREDENTIALS"], &run(google, &[("GCE_METADATA_HOST", &closed.to_string())]));
    let metadata = format!("http://{closed}");
    failed(9, &["AZURE_CLIENT_SECRET"], &run(azure, &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", &metadata)]));
    failed(2, &["cannot be read"], &run(google, &[("GOOGLE_APPLICATION_CREDENTIALS", "nowhere")]));
    failed(2, &["AZURE_TENANT_ID"], &run(azure, &[("AZURE_CLIENT_SECRET", "sesame")]));
    let reached = [("GOOGLE_OAUTH_ACCESS_TOKEN", "sesame"), ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", &metadata)];
    failed(9, &["cannot be reached"], &run(google, &reached));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("sesame") && !sandbox.exists("plain.ftrs"));
}

#[test]
fn what_is_not_there() {
    let hardware = Hardware::with_key();
    let sandbox = &hardware.sandbox;
    sandbox.write("plain", "secret");
    let encrypt = |uri: &'static str| ["encrypt", "--recipient", uri, "plain"];
    hardware.fails(2, &["starts with pkcs11:, vault:, awskms:, gcpkms: or azurekv:"], &encrypt("hsm:token=vault"));
    hardware.fails(2, &["twice"], &encrypt("pkcs11:token=a;token=a"));
    hardware.fails(9, &["no token", "fortress hsm list"], &encrypt("pkcs11:token=other"));
    hardware.fails(9, &["no key", "fortress hsm init-key"], &encrypt("pkcs11:token=vault;object=other"));
    hardware.fails(9, &["module /nowhere.so"], &encrypt("pkcs11:token=vault?module-path=/nowhere.so"));
    hardware.fails(9, &["module /nowhere.so"], &["hsm", "list", "--pkcs11-module", "/nowhere.so"]);
    hardware.fails(2, &["already has a key"], &["hsm", "init-key", KEK]);
    hardware.fails(2, &["no label", "object="], &["hsm", "init-key", "pkcs11:token=vault"]);
    hardware.fails(2, &["the mechanisms are aes-gcm"], &["hsm", "init-key", KEK, "--mechanism", "rot13"]);
    hardware.fails(2, &["--recipient URI"], &["encrypt", "plain"]);
    let output = hardware.command(&["hsm", "list"]).env_remove("FORTRESS_PKCS11_MODULE").output().unwrap();
    failed(2, &["no PKCS #11 module", "--pkcs11-module"], &output);
    assert!(!sandbox.exists("plain.ftrs"));

    hardware.ok(&encrypt(KEK));
    std::fs::remove_dir_all(sandbox.path("tokens")).unwrap();
    std::fs::create_dir(sandbox.path("tokens")).unwrap();
    hardware.fails(9, &["no token"], &["decrypt", "--key", KEK, "plain.ftrs", "-o", "x"]);
    assert!(!sandbox.exists("x"));
}
