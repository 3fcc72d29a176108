//! Identities, share sets and who is added and taken out: files and sealed keyrings for people.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use common::{CHEAP, Sandbox, failed};
use serde_json::Value;

/// Identities `ada` and `grace` with their public texts in `ada.pub` and `grace.pub`, the keyring `k`, and the file `plain`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_keyring();
    for name in ["ada", "grace"] {
        let public = sandbox.ok(&["identity", "new", "-o", name]);
        sandbox.write(&format!("{name}.pub"), public);
    }
    sandbox.write("plain", "confidential");
    sandbox
}

fn text(sandbox: &Sandbox, file: &str) -> String {
    String::from_utf8(sandbox.read(file)).unwrap().trim().to_owned()
}

fn id(sandbox: &Sandbox, file: &str) -> String {
    sandbox.json(&["identity", "show", file, "--json"])["id"].as_str().unwrap().to_owned()
}

fn recipients(sandbox: &Sandbox, file: &str) -> Vec<Value> {
    sandbox.json(&["inspect", "--json", file])["recipients"].as_array().unwrap().clone()
}

#[test]
fn an_identity_is_a_secret_file_and_a_public_text() {
    let sandbox = sandbox();
    let public = text(&sandbox, "ada.pub");
    assert!(public.starts_with("fortress1") && public.len() == 1_961);
    assert_eq!(sandbox.ok_text(&["identity", "show", "ada"]).trim(), public);
    assert_eq!(sandbox.ok_text(&["identity", "show", "ada.pub"]).trim(), public);
    let shown = sandbox.json(&["identity", "show", "ada", "--json"]);
    assert_eq!((&shown["public"], &shown["kind"]), (&public.as_str().into(), &"identity".into()));
    assert!(text(&sandbox, "ada").starts_with("# secret identity "));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(sandbox.path("ada")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    sandbox.fails(8, &["ada exists", "--force"], &["identity", "new", "-o", "ada"]);
    assert_eq!(sandbox.ok_text(&["identity", "show", "ada"]).trim(), public, "it is as it was");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(sandbox.path("ada.pub"), open).unwrap();
        sandbox.ok(&["identity", "new", "-o", "ada.pub", "--force"]);
        let mode = std::fs::metadata(sandbox.path("ada.pub")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "a secret does not take over what others may do");
    }
    sandbox.fails(9, &["cannot read nobody"], &["identity", "show", "nobody"]);
    sandbox.write("two", "a\nb\n");
    sandbox.fails(3, &["one text"], &["identity", "show", "two"]);
}

#[test]
fn any_public_text_is_shown() {
    let sandbox = sandbox();
    for algorithm in ["ed25519", "hybrid"] {
        let public = sandbox.ok_text(&["identity", "new", "-o", algorithm, "--signing", algorithm]);
        assert!(public.starts_with("fortress-verifying-key-"));
        sandbox.write("key.pub", &public);
        let shown = sandbox.json(&["identity", "show", "key.pub", "--json"]);
        assert_eq!((&shown["kind"], &shown["public"]), (&"verifying key".into(), &public.trim().into()));
        assert_eq!(shown["id"], sandbox.json(&["identity", "show", algorithm, "--json"])["id"]);
    }
    let scope = sandbox.ok_text(&["identity", "scope", "k", "acme"]);
    sandbox.write("scope.pub", &scope);
    let shown = sandbox.json(&["identity", "show", "scope.pub", "--json"]);
    assert_eq!((&shown["kind"], &shown["public"]), (&"identity of a scope, key id".into(), &scope.trim().into()));
    assert_eq!(shown["id"], sandbox.json(&["keyring", "show", "k", "--json"])["primary"]);
    for cut in ["fortress-verifying-key-1qqqq", "fortress-scope-1qqqq", "fortress1qqqq", "fortress-other-1qqqq"] {
        sandbox.write("cut", cut);
        sandbox.fails(3, &["cut"], &["identity", "show", "cut"]);
    }
}

#[test]
fn an_identity_can_be_sealed_with_a_passphrase() {
    let sandbox = sandbox();
    let public = sandbox.ok_text(&["identity", "new", "-o", "sealed", "-p"]);
    assert!(sandbox.read("sealed").starts_with(b"FTRS"));
    assert_eq!(sandbox.ok_text(&["identity", "show", "sealed"]), public);
    sandbox.ok(&["encrypt", "--to", public.trim(), "plain"]);
    assert_eq!(sandbox.ok(&["decrypt", "--identity", "sealed", "plain.ftrs", "-o", "-"]), b"confidential");
    sandbox.write("wrong", "wrong");
    let wrong = ["decrypt", "--identity", "sealed", "plain.ftrs", "-o", "-", "--passphrase-file", "wrong"];
    sandbox.fails(5, &["sealed", "passphrase is wrong"], &wrong);
}

#[test]
fn a_file_is_for_whoever_holds_the_identity() {
    let sandbox = sandbox();
    let ada = text(&sandbox, "ada.pub");
    sandbox.ok(&["encrypt", "--to", &ada, "--to-file", "grace.pub", "-k", "k", "plain"]);
    assert_eq!(recipients(&sandbox, "plain.ftrs").len(), 3);
    for opener in [&["--identity", "ada"][..], &["--identity", "grace"], &["-k", "k"]] {
        let arguments = [&["decrypt", "plain.ftrs", "-o", "-"], opener].concat();
        assert_eq!(sandbox.ok(&arguments), b"confidential");
        assert!(sandbox.ok_text(&[&["verify", "plain.ftrs"], opener].concat()).contains("authentic"));
    }
    sandbox.ok(&["encrypt", "--to", &ada, "plain", "-o", "ada.ftrs"]);
    let to_grace = ["decrypt", "--identity", "grace", "ada.ftrs", "-o", "-"];
    sandbox.fails(4, &["identity", &id(&sandbox, "ada")], &to_grace);
    assert_eq!(
        sandbox.ok(&["decrypt", "--identity", "grace", "--identity", "ada", "ada.ftrs", "-o", "-"]),
        b"confidential"
    );
    sandbox.write("list", format!("# colleagues\n\n{ada}\n{}\n", text(&sandbox, "grace.pub")));
    sandbox.ok(&["encrypt", "--to-file", "list", "plain", "-o", "both.ftrs"]);
    assert_eq!(recipients(&sandbox, "both.ftrs").len(), 2);
}

#[test]
fn what_is_no_identity_is_refused_and_not_repeated() {
    let sandbox = sandbox();
    let secret = text(&sandbox, "ada").lines().last().unwrap().to_owned();
    let output = sandbox.run(&["encrypt", "--to", &secret, "plain"]);
    failed(3, &["--to", "secret identity where a public one is expected"], &output);
    assert!(!String::from_utf8_lossy(&output.stderr).contains(&secret[30..]));
    sandbox.fails(3, &["was all of it copied"], &["encrypt", "--to", "fortress1qqqq", "plain"]);
    sandbox.fails(3, &["starts with \"FORTRESS-SECRET-KEY-1\""], &["decrypt", "--identity", "ada.pub", "x"]);
    sandbox.write("empty", "# nobody\n");
    sandbox.fails(2, &["empty", "names nobody"], &["encrypt", "--to-file", "empty", "plain"]);
    sandbox.fails(2, &["nobody could open it", "--to"], &["encrypt", "plain"]);
    assert!(!sandbox.exists("plain.ftrs"));
}

/// A public key of a scope encrypts for the keyring, and opens nothing.
#[test]
fn the_identity_of_a_scope() {
    let sandbox = sandbox();
    let identity = sandbox.ok_text(&["identity", "scope", "k", "acme/answers"]);
    assert!(identity.starts_with("fortress-scope-1"));
    sandbox.ok(&["encrypt", "--to", identity.trim(), "plain"]);
    assert_eq!(
        sandbox.ok(&["decrypt", "-k", "k", "--scope", "acme/answers", "plain.ftrs", "-o", "-"]),
        b"confidential"
    );
    sandbox.fails(6, &["not authentic"], &["decrypt", "-k", "k", "--scope", "acme", "plain.ftrs", "-o", "-"]);
    sandbox.fails(2, &["give --to"], &["encrypt", "--identity", "ada", "--to", identity.trim(), "plain", "-o", "x"]);
    sandbox.fails(
        2,
        &["name it with -k"],
        &["decrypt", "--identity", "ada", "--trust", "ada.pub", "plain.ftrs", "-o", "-"],
    );
}

/// The header of a stranger: this many recipients of a type.
fn header_of(recipients: u16, kind: u8, body: &[u8]) -> Vec<u8> {
    let mut header = vec![0xA2, 1, 2, 2, 0x99];
    header.extend(recipients.to_be_bytes());
    for _ in 0..recipients {
        header.extend([0x82, 0x18, kind, 0x40 | body.len() as u8]);
        header.extend(body);
    }
    [b"FTRS\x01", &(header.len() as u32).to_be_bytes()[..], &header, &[0; 32 + 56 + 16]].concat()
}

#[test]
fn headers_of_strangers() {
    let sandbox = sandbox();
    sandbox.write("many", header_of(10_000, 99, &[7]));
    sandbox.fails(3, &["at most 1024 recipients", "10000"], &["decrypt", "--identity", "ada", "many", "-o", "-"]);
    sandbox.write("unknown", header_of(1_000, 99, &[7]));
    let unknown = ["decrypt", "--identity", "ada", "unknown", "-o", "-"];
    sandbox.fails(4, &["type 99, not known to this version"], &unknown);
}

#[test]
fn any_two_of_three_shares_open() {
    let sandbox = sandbox();
    sandbox.ok(&["encrypt", "--shares", "2/3", "--shares-dir", "shares", "plain"]);
    sandbox.ok(&["encrypt", "--shares", "2/2", "--shares-dir", "other", "plain", "-o", "other.ftrs"]);
    let mine: Vec<String> =
        common::names_in(&sandbox.path("shares")).iter().map(|name| format!("shares/{name}")).collect();
    let others: Vec<String> =
        common::names_in(&sandbox.path("other")).iter().map(|name| format!("other/{name}")).collect();
    assert_eq!((mine.len(), others.len()), (3, 2));
    for pair in [[0, 1], [2, 0], [1, 2]] {
        let [a, b] = pair.map(|at| mine[at].as_str());
        assert_eq!(sandbox.ok(&["decrypt", "--share", a, "--share", b, "plain.ftrs", "-o", "-"]), b"confidential");
    }
    fn by<'s>(shares: &[&'s str]) -> Vec<&'s str> {
        let shares = shares.iter().flat_map(|share| ["--share", *share]);
        ["decrypt", "plain.ftrs", "-o", "-"].into_iter().chain(shares).collect()
    }
    sandbox.fails(4, &["it takes 2 shares", "1 were given"], &by(&[&mine[0]]));
    sandbox.fails(4, &["it takes 2 shares", "1 were given"], &by(&[&mine[0], &mine[0]]));
    sandbox.fails(4, &["different sets"], &by(&[&mine[0], &others[0]]));
    sandbox.fails(4, &["2 shares of set"], &by(&[&others[0], &others[1]]));
    sandbox.write("wrong", text(&sandbox, &mine[0]).replace("FORTRESS-SHARE-1", "FORTRESS-SHARE-1Q"));
    sandbox.fails(3, &["not a share"], &by(&["wrong", &mine[1]]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(sandbox.path(&mine[0])).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for bad in ["1/3", "4/3"] {
        sandbox.fails(2, &["a share set needs"], &["encrypt", "--shares", bad, "--shares-dir", "x", "plain"]);
    }
    sandbox.fails(2, &["--shares-dir"], &["encrypt", "--shares", "2/3", "plain"]);
}

/// The header keeps the shares of those who hold an identity, in a keyring as in a file; the rest are written out.
#[test]
fn holders_find_their_shares_in_the_header() {
    let sandbox = sandbox();
    let holders = ["--shares", "2/3", "--holder", "ada.pub", "--holder", &text(&sandbox, "grace.pub")];
    sandbox.fails(2, &["1 of the 3 shares", "--shares-dir"], &[&["encrypt", "plain"][..], &holders].concat());
    sandbox.ok(&[&["encrypt", "plain", "--shares-dir", "rest"][..], &holders].concat());
    assert_eq!(recipients(&sandbox, "plain.ftrs").len(), 1);
    let rest = common::names_in(&sandbox.path("rest"));
    assert!(rest.len() == 1 && rest[0].ends_with("-3-of-3.txt"), "{rest:?}");
    let rest = format!("rest/{}", rest[0]);
    let taken = |who: &str| {
        let take = ["identity", "shares", "plain.ftrs", "--identity", who, "--shares-dir", who_has(who)];
        let written = sandbox.ok_text(&take);
        assert_eq!(written.lines().count(), 1);
        written.trim().to_owned()
    };
    let (ada, grace) = (taken("ada"), taken("grace"));
    assert!(ada.ends_with("-1-of-3.txt") && grace.ends_with("-2-of-3.txt"), "{ada} {grace}");
    for [a, b] in [[&ada, &grace], [&grace, &rest], [&rest, &ada]] {
        assert_eq!(sandbox.ok(&["decrypt", "--share", a, "--share", b, "plain.ftrs", "-o", "-"]), b"confidential");
    }
    sandbox.fails(4, &["it takes 2 shares"], &["decrypt", "--share", &ada, "plain.ftrs", "-o", "-"]);
    sandbox.fails(4, &["identity"], &["decrypt", "--identity", "ada", "plain.ftrs", "-o", "-"]);
    sandbox.fails(8, &["exists"], &["identity", "shares", "plain.ftrs", "--identity", "ada", "--shares-dir", "of-ada"]);
    sandbox.ok(&["identity", "new", "-o", "edsger"]);
    let nothing = ["identity", "shares", "plain.ftrs", "--identity", "edsger", "--shares-dir", "none"];
    sandbox.fails(4, &["plain.ftrs"], &nothing);
    assert!(!sandbox.exists("none"));

    // A keyring whose shares all have holders leaves nothing lying about.
    let add = ["keyring", "rewrap", "k", "--add", "--shares", "2/2", "--holder", "ada.pub", "--holder", "grace.pub"];
    sandbox.ok(&add);
    // Nor does it give shares as the file in whose place somebody put it.
    sandbox.fails(
        3,
        &["k: holds keyring", "--keyring"],
        &["identity", "shares", "k", "--identity", "ada", "--shares-dir", "of-file"],
    );
    let not_a_keyring = ["identity", "shares", "-k", "plain.ftrs", "--identity", "ada", "--shares-dir", "of-file"];
    sandbox.fails(3, &["plain.ftrs: holds data", "as a file"], &not_a_keyring);
    assert!(!sandbox.exists("of-file"));
    for who in ["ada", "grace"] {
        sandbox.ok(&["identity", "shares", "-k", "k", "--identity", who, "--shares-dir", "of-keyring"]);
    }
    let shares: Vec<String> =
        common::names_in(&sandbox.path("of-keyring")).iter().map(|name| format!("of-keyring/{name}")).collect();
    sandbox.ok(&["keyring", "show", "k", "--share", &shares[0], "--share", &shares[1]]);

    let many = ["encrypt", "plain", "-o", "x", "--shares", "2/2", "--holder"];
    sandbox.fails(2, &["a holder of another share"], &[&many[..], &["ada.pub", "--holder", "ada.pub"]].concat());
    let three = ["ada.pub", "--holder", "grace.pub", "--holder", "edsger.pub"];
    sandbox.write("edsger.pub", sandbox.ok(&["identity", "show", "edsger"]));
    sandbox.fails(2, &["--holder", "3 identities", "2 shares"], &[&many[..], &three].concat());
    sandbox.fails(2, &["--shares"], &["encrypt", "plain", "--to-file", "ada.pub", "--holder", "ada.pub", "-o", "x"]);
    assert!(!sandbox.exists("x"));
}

fn who_has(who: &str) -> &'static str {
    if who == "ada" { "of-ada" } else { "of-grace" }
}

#[test]
fn a_narrowed_keyring_is_for_people() {
    let sandbox = sandbox();
    sandbox.ok(&["encrypt", "-k", "k", "--scope", "acme", "plain"]);
    let scope = ["keyring", "scope", "k", "acme", "-o"];
    sandbox.ok(&[&scope[..], &["for-ada", "--to-file", "ada.pub"]].concat());
    assert_eq!(recipients(&sandbox, "for-ada").len(), 1, "and no passphrase");
    let decrypt = ["decrypt", "-k", "for-ada", "--identity", "ada", "plain.ftrs", "-o", "-"];
    assert_eq!(sandbox.ok(&decrypt), b"confidential");
    sandbox.write("new.pass", "another");
    let both = ["both", "-p", "--to-file", "ada.pub", "--argon2", CHEAP, "--new-passphrase-file", "new.pass"];
    sandbox.ok(&[&scope[..], &both].concat());
    assert_eq!(recipients(&sandbox, "both").len(), 2);
    sandbox.ok(&["verify", "-k", "both", "--passphrase-file", "new.pass", "plain.ftrs"]);
    let no_passphrase = [&scope[..], &["x", "--to-file", "ada.pub", "--argon2", CHEAP]].concat();
    sandbox.fails(2, &["--argon2 is of a passphrase", "-p"], &no_passphrase);
    let new = ["keyring", "new", "-o", "x", "--to-file", "ada.pub", "--argon2", CHEAP];
    sandbox.fails(2, &["--argon2 is of a passphrase", "-p"], &new);
    assert!(!sandbox.exists("x"));
}

#[test]
fn a_keyring_for_people_and_shares_is_recovered() {
    let sandbox = sandbox();
    let new = ["keyring", "new", "-o", "team", "--to-file", "ada.pub", "--shares", "2/3", "--shares-dir", "shares"];
    sandbox.ok(&new);
    assert_eq!(recipients(&sandbox, "team").len(), 2, "and no passphrase");
    sandbox.ok(&["encrypt", "-k", "team", "--identity", "ada", "plain"]);
    assert_eq!(sandbox.ok(&["decrypt", "-k", "team", "--identity", "ada", "plain.ftrs", "-o", "-"]), b"confidential");
    sandbox.fails(4, &["not sealed with a passphrase", "--identity", "--share"], &["keyring", "show", "team"]);
    let shares: Vec<String> =
        common::names_in(&sandbox.path("shares")).iter().map(|name| format!("shares/{name}")).collect();
    let by = ["--share", &shares[2], "--share", &shares[0]];
    let shown = sandbox.json(&[&["keyring", "show", "team", "--json"][..], &by].concat());
    assert_eq!(shown["profile"], "balanced");
    // Everybody is gone: the shares open it, and a new passphrase takes their place.
    sandbox.write("new.pass", "new passphrase");
    let change =
        [&["keyring", "change-passphrase", "team", "--new-passphrase-file", "new.pass", "--argon2", CHEAP][..], &by]
            .concat();
    sandbox.fails(2, &["2 recipients", "--drop-others"], &change);
    sandbox.ok(&[&change[..], &["--drop-others"]].concat());
    let decrypt = ["decrypt", "-k", "team", "--passphrase-file", "new.pass", "plain.ftrs", "-o", "-"];
    assert_eq!(sandbox.ok(&decrypt), b"confidential");
}

#[test]
fn people_are_added_and_taken_out_of_files() {
    let sandbox = sandbox();
    let (file, plain) = ("plain.ftrs", b"confidential");
    sandbox.ok(&["encrypt", "-k", "k", "plain", "--context", "a=b"]);
    let message = |bytes: Vec<u8>| bytes[bytes.len() - 84..].to_vec();
    let before = message(sandbox.read(file));
    let decrypt = |who: &str| sandbox.run(&["decrypt", "--identity", who, "--context", "a=b", file, "-o", "-"]);

    sandbox.fails(6, &["--context"], &["rewrap", "-k", "k", "--add", "--to-file", "ada.pub", file]);
    let add = [
        "rewrap",
        "-k",
        "k",
        "--add",
        "--to-file",
        "ada.pub",
        "--to-file",
        "grace.pub",
        "--context",
        "a=b",
        file,
        "--json",
    ];
    assert_eq!(sandbox.json(&add)["recipients"], 3);
    assert_eq!(decrypt("ada").stdout, plain);
    let ada = id(&sandbox, "ada");
    sandbox.fails(2, &["none of its recipients"], &["rewrap", "-k", "k", "--remove", "0000000000000000", file]);
    sandbox.fails(2, &["cannot be used"], &["rewrap", "-k", "k", "--remove", &ada, "--add", file]);
    let output = sandbox.run(&["rewrap", "--identity", "grace", "--remove", &ada, file]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("can still open copies from before"), "{said}");
    assert_eq!(decrypt("ada").status.code(), Some(4));
    assert_eq!(decrypt("grace").stdout, plain);
    let public = text(&sandbox, "grace.pub");
    sandbox.ok(&["rewrap", "-k", "k", "--remove", &public, "--to-file", "ada.pub", "--context", "a=b", file]);
    assert_eq!(decrypt("grace").status.code(), Some(4), "ada takes the place of grace");
    assert_eq!(decrypt("ada").stdout, plain);
    sandbox.ok(&["rewrap", "-k", "k", "--remove", "#2", file]);
    assert_eq!(recipients(&sandbox, file).len(), 1);
    sandbox.fails(2, &["nobody would be left"], &["rewrap", "-k", "k", "--remove", "#1", file]);
    assert!(message(sandbox.read(file)) == before, "the data is untouched");
    sandbox.fails(2, &["nobody new"], &["rewrap", "--identity", "ada", file]);
}

#[test]
fn people_are_added_and_taken_out_of_keyrings() {
    let sandbox = sandbox();
    sandbox.ok(&["encrypt", "-k", "k", "plain"]);
    let add = ["keyring", "rewrap", "k", "--add", "--to-file", "ada.pub", "--to-file", "grace.pub"];
    let shown = sandbox.ok_text(&add);
    let (ada, grace) = (id(&sandbox, "ada"), id(&sandbox, "grace"));
    assert_eq!(shown, format!("k: the keyring is sealed for passphrase; identity {ada}; identity {grace}\n"));
    let by = |who: &str| sandbox.run(&["decrypt", "-k", "k", "--identity", who, "plain.ftrs", "-o", "-"]);
    assert_eq!(by("ada").stdout, b"confidential");
    let output = sandbox.run(&["keyring", "rewrap", "k", "--identity", "grace", "--remove", &ada, "--json"]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("fortress keyring rotate") && said.contains("has its keys"), "{said}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["keyring"], &told["recipients"][1]["id"]), (&"k".into(), &grace.as_str().into()));
    sandbox.fails(2, &["nobody would be left"], &["keyring", "rewrap", "k", "--remove", "#1", "--remove", "#2"]);
    sandbox.fails(2, &["nobody new is named"], &["keyring", "rewrap", "k"]);
    assert_eq!(by("ada").status.code(), Some(4));
    assert_eq!(by("grace").stdout, b"confidential");
    sandbox.ok(&["keyring", "show", "k"]);

    // Rotated for those who stay, and nobody is shut out unnoticed.
    sandbox.fails(2, &["2 recipients", "shut out the others"], &["keyring", "rotate", "k"]);
    sandbox.fails(2, &["shut out some"], &["keyring", "rotate", "k", "--to-file", "ada.pub"]);
    sandbox.ok(&["keyring", "rotate", "k", "--to-file", "grace.pub"]);
    assert_eq!(recipients(&sandbox, "k").len(), 2);
    assert_eq!(by("grace").stdout, b"confidential");
    // By the passphrase of the keyring that its other holder has.
    sandbox.ok(&["keyring", "rotate", "k", "--identity", "grace", "--drop-others"]);
    assert_eq!(recipients(&sandbox, "k").len(), 1);
    sandbox.fails(4, &["not sealed with a passphrase"], &["keyring", "show", "k"]);
    let no_envelope = ["rewrap", "--identity", "grace", "--add", "--to-file", "ada.pub", "ada.pub"];
    sandbox.fails(3, &["not a Fortress"], &no_envelope);
}

/// Storage that lays a sealed keyring, or a grant, in a file's place does not have it given to those who get the file.
#[test]
fn a_keyring_in_a_files_place_is_not_shared_as_a_file() {
    let sandbox = sandbox();
    sandbox.ok(&[
        "keyring",
        "scope",
        "k",
        "acme",
        "-o",
        "narrow",
        "--for",
        "k",
        "--new-passphrase-file",
        &passphrase(&sandbox),
    ]);
    sandbox.ok(&["encrypt", "-p", "plain"]);
    for keyring in ["k", "narrow"] {
        let stored = sandbox.read(keyring);
        sandbox.write("plain.ftrs", &stored);
        for opener in [&[][..], &["-k", "k"]] {
            for change in [&["--add"][..], &["--keep-others"], &[]] {
                let rewrap = [&["rewrap", "--to-file", "grace.pub", "plain.ftrs"], opener, change].concat();
                sandbox.fails(3, &["plain.ftrs: a sealed keyring", "fortress keyring rewrap"], &rewrap);
            }
        }
        sandbox.fails(3, &["a sealed keyring"], &["rewrap", "-k", "k", "plain.ftrs"]);
        sandbox.fails(3, &["a sealed keyring"], &["rewrap", "-k", "k", "--remove", "#1", "plain.ftrs"]);
        assert_eq!(sandbox.read("plain.ftrs"), stored, "nobody was added");
    }
    // And the other way round.
    sandbox.ok(&["encrypt", "-p", "plain", "--force"]);
    let stored = sandbox.read("plain.ftrs");
    let rewrap = ["keyring", "rewrap", "plain.ftrs", "--add", "--to-file", "grace.pub"];
    sandbox.fails(3, &["plain.ftrs", "not a keyring"], &rewrap);
    assert_eq!(sandbox.read("plain.ftrs"), stored);
}

fn passphrase(sandbox: &Sandbox) -> String {
    sandbox.write("k.pass", common::PASSPHRASE);
    "k.pass".into()
}

/// What opens a keyring besides passphrases, and what is brought for it.
#[test]
fn keyrings_are_rewrapped_by_keyrings() {
    let sandbox = sandbox();
    let file = passphrase(&sandbox);
    sandbox.ok(&["keyring", "scope", "k", "acme", "-o", "narrow", "--for", "k", "--new-passphrase-file", &file]);
    let new = sandbox.json(&["keyring", "rotate", "k", "--json"])["primary"].clone();
    // Nobody comes and nobody goes: its recipient is the newest version.
    let told = sandbox.json(&["keyring", "rewrap", "narrow", "--unlock", "k", "--json"]);
    assert_eq!((&told["recipients"][0]["key_id"], told["recipients"].as_array().unwrap().len()), (&new, 1));
    let to = ["keyring", "rewrap", "narrow", "--unlock", "k", "--keep-others", "--to-file", "ada.pub"];
    sandbox.ok(&to);
    assert_eq!(recipients(&sandbox, "narrow").len(), 1);
    sandbox.ok(&[
        "keyring",
        "rewrap",
        "narrow",
        "--identity",
        "ada",
        "-r",
        "k",
        "--new-passphrase-file",
        &file,
        "--add",
    ]);
    sandbox.ok(&["keyring", "show", "narrow", "--unlock", "k"]);
    sandbox.ok(&["keyring", "rewrap", "narrow", "--identity", "ada", "-p", "--new-passphrase-file", &file]);
    assert_eq!(sandbox.json(&["keyring", "show", "narrow", "--json"])["scope"], serde_json::json!(["acme"]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(sandbox.path("narrow"), std::fs::Permissions::from_mode(0o640)).unwrap();
        sandbox.ok(&["keyring", "rewrap", "narrow", "--add", "--to-file", "ada.pub"]);
        assert_eq!(std::fs::metadata(sandbox.path("narrow")).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

/// A secret that is given by mistake is not shown, nor any part of it; a PIN neither.
#[test]
fn whom_to_take_out_is_not_repeated() {
    let sandbox = sandbox();
    sandbox.ok(&["encrypt", "-k", "k", "plain"]);
    let secret = text(&sandbox, "ada").lines().last().unwrap().to_owned();
    let signing = {
        sandbox.ok(&["identity", "new", "-o", "signing", "--signing", "ed25519"]);
        text(&sandbox, "signing").lines().last().unwrap().to_owned()
    };
    for (given, exit, said) in [
        (secret.as_str(), 3, "secret identity where a public one is expected"),
        (&secret.to_lowercase(), 3, "--remove: "),
        (&signing, 3, "--remove: "),
        ("correct horse battery", 2, "what --remove names is none"),
        ("pkcs11:token=a?pin-value=sesame", 2, "what --remove names is none"),
        ("0123456789abcdef", 2, "0123456789abcdef is none"),
        ("#7", 2, "#7 is none"),
        ("#x", 2, "followed by a number"),
        (&text(&sandbox, "ada.pub"), 2, "is none of its recipients"),
    ] {
        for command in [&["rewrap", "-k", "k", "plain.ftrs"][..], &["keyring", "rewrap", "k"]] {
            let output = sandbox.fails(exit, &[said], &[command, &["--remove", given]].concat());
            let shown = String::from_utf8(output.stderr).unwrap();
            let part = given.get(26..32).filter(|_| given.len() > 30);
            assert!(part.is_none_or(|part| !shown.contains(part)) && !shown.contains("sesame"), "{shown}");
        }
    }
}

/// Who brings more identities than they need, or the same one twice, takes nobody's place.
#[test]
fn nobody_is_shut_out_by_those_who_are_brought() {
    let sandbox = sandbox();
    sandbox.ok(&["identity", "new", "-o", "edsger"]);
    let new = ["keyring", "new", "-o", "team", "--to-file", "ada.pub", "--to-file", "grace.pub"];
    sandbox.ok(&new);
    let before = sandbox.read("team");
    let rotate = ["keyring", "rotate", "team", "--identity", "ada", "--identity"];
    for other in ["edsger", "ada"] {
        sandbox.fails(2, &["2 recipients", "shut out"], &[&rotate[..], &[other]].concat());
    }
    sandbox.fails(2, &["shut out"], &[&rotate[..], &["ada", "--shares", "2/3", "--shares-dir", "shares"]].concat());
    assert!(!sandbox.path("shares").exists(), "nothing was done");
    assert_eq!(sandbox.read("team"), before);
    sandbox.ok(&[&rotate[..], &["grace"]].concat());
    assert_eq!(recipients(&sandbox, "team").len(), 2);
    sandbox.ok(&[&rotate[..], &["edsger", "--to-file", "grace.pub"]].concat());
    assert_eq!(recipients(&sandbox, "team").len(), 2, "who was brought along is not added");
}

#[test]
fn shares_are_written_for_what_is_encrypted() {
    let sandbox = sandbox();
    let encrypt = ["encrypt", "--shares", "2/3", "--shares-dir", "shares"];
    sandbox.fails(9, &["cannot read nobody"], &[&encrypt[..], &["nobody"]].concat());
    assert!(!sandbox.path("shares").exists());
    sandbox.ok(&[&encrypt[..], &["plain"]].concat());
    assert_eq!(common::names_in(&sandbox.path("shares")).len(), 3);
}

/// A server that exchanges two recipients, and lays the true header beside as if a run had been cut short, does not choose who goes.
#[test]
fn who_is_taken_out_is_looked_up_in_the_authentic_header() {
    let sandbox = sandbox();
    sandbox.ok(&["encrypt", "--to-file", "ada.pub", "--to-file", "grace.pub", "-k", "k", "plain"]);
    let whole = sandbox.read("plain.ftrs");
    let body = |who: &str| {
        let id = u64::from_str_radix(&id(&sandbox, who), 16).unwrap().to_be_bytes();
        let start = whole.windows(8).position(|window| window == id).unwrap();
        start..start + 8 + 1_120 + 32 + 16
    };
    let mut exchanged = whole.clone();
    exchanged[body("ada")].copy_from_slice(&whole[body("grace")]);
    exchanged[body("grace")].copy_from_slice(&whole[body("ada")]);
    let header = 9 + u32::from_be_bytes(whole[5..9].try_into().unwrap()) as usize + 32;
    sandbox.write(".plain.ftrs.old-header", &whole[..header]);
    sandbox.write("plain.ftrs", &exchanged);
    sandbox.ok(&["rewrap", "-k", "k", "--remove", &id(&sandbox, "ada"), "plain.ftrs"]);
    let decrypt = |who: &str| sandbox.run(&["decrypt", "--identity", who, "plain.ftrs", "-o", "-"]);
    assert_eq!(decrypt("ada").status.code(), Some(4));
    assert_eq!(decrypt("grace").stdout, b"confidential");
}

/// The keyring that files are moved to can be opened in every way.
#[test]
fn the_new_keyring_is_opened_by_an_identity_or_shares() {
    let sandbox = sandbox();
    let new = ["keyring", "new", "-o", "team", "--to-file", "ada.pub", "--shares", "2/2", "--shares-dir", "shares"];
    sandbox.ok(&new);
    let shares: Vec<String> =
        common::names_in(&sandbox.path("shares")).iter().map(|name| format!("shares/{name}")).collect();
    for by in
        [&["--recipient-identity", "ada"][..], &["--recipient-share", &shares[0], "--recipient-share", &shares[1]]]
    {
        sandbox.ok(&["encrypt", "-k", "k", "plain", "--force"]);
        sandbox.ok(&[&["rewrap", "-k", "k", "-r", "team", "plain.ftrs"], by].concat());
        assert_eq!(
            sandbox.ok(&["decrypt", "-k", "team", "--identity", "ada", "plain.ftrs", "-o", "-"]),
            b"confidential"
        );
    }
    sandbox.write("k.pass", common::PASSPHRASE);
    sandbox.ok(&["keyring", "scope", "k", "acme", "-o", "narrow", "--for", "k", "--new-passphrase-file", "k.pass"]);
    sandbox.ok(&["encrypt", "-k", "k", "plain", "--force"]);
    let by_other = [
        "rewrap",
        "-k",
        "k",
        "-r",
        "narrow",
        "--recipient-unlock",
        "k",
        "--new-passphrase-file",
        "k.pass",
        "plain.ftrs",
    ];
    sandbox.ok(&by_other);
    sandbox.ok(&["verify", "-k", "narrow", "--unlock", "k", "plain.ftrs"]);
    sandbox.fails(2, &["--recipient"], &["rewrap", "-k", "k", "--recipient-identity", "ada", "plain.ftrs"]);
}
