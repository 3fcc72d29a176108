//! Identities and share sets: files and sealed keyrings for people.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use common::people::{id, recipients, sandbox, text};
use common::{CHEAP, failed};

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

/// Elsewhere `-` is a stream: no secret goes into a file of that name.
#[test]
fn what_is_kept_goes_into_a_file() {
    let sandbox = sandbox();
    for command in [
        &["identity", "new"][..],
        &["keyring", "new"],
        &["keyring", "scope", "k", "acme"],
        &[
            "grant",
            "new",
            "-k",
            "k",
            "--scope",
            "a",
            "--actions",
            "both",
            "--until",
            "1d",
            "--to-file",
            "ada.pub",
            "--sign",
            "s",
        ],
    ] {
        let before = sandbox.names();
        let output = sandbox.fails(2, &["-o -", "name one"], &[command, &["-o", "-"]].concat());
        assert!(output.stdout.is_empty() && sandbox.names() == before);
    }
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
    // Where shares cannot be written, nothing is encrypted for them: not the first file, and not one after it.
    sandbox.write("second", "also confidential");
    sandbox.write("no-folder", "");
    let nowhere = ["--shares", "2/3", "--shares-dir", "no-folder"];
    std::fs::remove_file(sandbox.path("plain.ftrs")).unwrap();
    assert!(!sandbox.run(&[&["encrypt", "plain", "second"][..], &nowhere].concat()).status.success());
    assert!(!sandbox.exists("plain.ftrs") && !sandbox.exists("second.ftrs"));
    sandbox.ok(&["encrypt", "-k", "k", "plain", "second"]);
    let rewrap = ["rewrap", "-k", "k", "plain.ftrs", "second.ftrs"];
    assert!(!sandbox.run(&[&rewrap[..], &nowhere].concat()).status.success());
    for file in ["plain.ftrs", "second.ftrs"] {
        sandbox.ok(&["verify", "-k", "k", file]);
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
    sandbox.fails(4, &["their identities take out"], &["decrypt", "--identity", "ada", "plain.ftrs", "-o", "-"]);
    let again = ["identity", "shares", "plain.ftrs", "--identity", "ada", "--shares-dir", "of-ada"];
    let output = sandbox.fails(8, &["exists", "--shares-dir"], &again);
    assert!(!String::from_utf8(output.stderr).unwrap().contains("--force"));
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
