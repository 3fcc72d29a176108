//! Keys in a token and in a service beside the bare calls that they stand on, in one run: what counts are the ratios.
//!
//! ```text
//! cargo bench -p fortress-sdk-hsm
//! ```
//!
//! The token is SoftHSM, and the service a server on this machine: what is told is what Fortress adds, and not how fast a hardware module is, or how far away a service. After
//! `--`, `--json FILE` writes the figures there, and a word selects the parts whose name contains it: `token`, `service`, `data key`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot run says so by a panic"
)]

#[path = "../../../core/benches/speed/clock.rs"]
mod clock;
#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../../../core/benches/speed/report.rs"]
mod report;

use std::env;
use std::process::Command;
use std::time::Duration;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use clock::Contest;
use common::google::{Google, KEY, TOKEN, uri as google_uri};
use common::keys::{ASSOCIATED, FILE_KEY};
use common::{PIN, access, softhsm, uri};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism as Bare;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::Attribute;
use cryptoki::session::UserType;
use fortress::external::ExternalKey as _;
use fortress_hsm::pkcs11::{Mechanism, Pkcs11Key, generate};
use fortress_hsm::{DataKeyLimits, DataKeys};
use report::Group;

fn main() {
    let mut args = env::args().skip(1).filter(|arg| arg != "--bench").peekable();
    // A module reads where its tokens are from the environment.
    if env::var_os(TOKENS).is_none() {
        return in_a_folder_of_its_own(args.collect());
    }
    let json = args.next_if_eq("--json").map(|_| args.next().unwrap());
    let wanted = args.next().unwrap_or_default();
    type Part = (&'static str, fn() -> Vec<Group>);
    let parts: [Part; 3] = [("token", token), ("service", service), ("data key", data_key)];
    let measured = parts.into_iter().filter(|(name, _)| name.contains(&wanted)).map(|(name, part)| {
        println!("{name}");
        let groups = part();
        groups.iter().for_each(Group::print);
        println!();
        (name, groups)
    });
    let measured: Vec<_> = measured.collect();
    if let Some(path) = json {
        report::write_json(&path, "keys in SoftHSM and in a service on this machine", &measured);
    }
}

fn in_a_folder_of_its_own(arguments: Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let conf = softhsm::configure(folder.path());
    softhsm::init_token(&conf, "bench", PIN);
    let mut command = Command::new(env::current_exe().unwrap());
    let status = command.args(arguments).env("SOFTHSM2_CONF", &conf).env(TOKENS, folder.path()).status().unwrap();
    assert!(status.success(), "{status}");
}

/// By each way, and by a bare call to the same token for the first.
fn token() -> Vec<Group> {
    let of = |mechanism: Mechanism| {
        let uri = uri(&format!("pkcs11:token=bench;object={mechanism}"));
        generate(&uri, Some(mechanism), &access()).unwrap();
        Pkcs11Key::open(&uri, &access()).unwrap()
    };
    let key = of(Mechanism::AesGcm);
    let module = Pkcs11::new(softhsm::module()).unwrap();
    // Another part of this program may have done it.
    let _ = module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let session = module.open_ro_session(module.get_slots_with_initialized_token().unwrap()[0]).unwrap();
    let _ = session.login(UserType::User, Some(&PIN.to_owned().into()));
    let handle = session.find_objects(&[Attribute::Label(b"aes-gcm".to_vec())]).unwrap()[0];
    let mut contest = Contest::new("AES-GCM", FILE_KEY.len());
    contest.enter("bare C_Encrypt of 32 bytes", || {
        let mut iv = [1; 12];
        let params = GcmParams::new(&mut iv, &ASSOCIATED, 128.into()).unwrap();
        session.encrypt(&Bare::AesGcm(params), handle, &FILE_KEY).unwrap();
    });
    enter(&mut contest, &key);
    let first = contest.run();
    let others = [(Mechanism::AesKeyWrap, "AES key wrapping"), (Mechanism::RsaOaep, "RSA-OAEP, 3072")];
    let others = others.map(|(mechanism, title)| {
        let key = of(mechanism);
        let mut contest = Contest::new(title, FILE_KEY.len());
        enter(&mut contest, &key);
        contest.run()
    });
    [first].into_iter().chain(others).collect()
}

fn enter<'k>(contest: &mut Contest<'k>, key: &'k Pkcs11Key) {
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    contest.enter("ours, wrap", || drop(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap()));
    contest.enter("ours, unwrap", move || drop(key.unwrap_key(&wrapped, &ASSOCIATED).unwrap()));
}

/// A call over HTTP, with and without what is done for it here.
fn service() -> Vec<Group> {
    let google = Google::start();
    let key = google.key(KEY);
    let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
    let asked = google.service.asked().remove(0);
    let agent = ureq::Agent::new_with_defaults();
    let address = format!("{}/v1/{KEY}:encrypt", google.service.address);
    let mut contest = Contest::new("Google Cloud KMS", FILE_KEY.len());
    contest.enter("bare POST", || {
        let request = agent.post(&address).header("Authorization", format!("Bearer {TOKEN}"));
        request.send(&asked.body).unwrap().body_mut().read_to_string().unwrap();
    });
    contest.enter("ours, wrap", || drop(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap()));
    contest.enter("ours, unwrap", || drop(key.unwrap_key(&wrapped, &ASSOCIATED).unwrap()));
    vec![contest.run()]
}

/// What takes the place of a call, once there is a data key.
fn data_key() -> Vec<Group> {
    let google = Google::start();
    let limits = DataKeyLimits { age: Duration::from_secs(3_600), uses: u64::MAX, held: 1 };
    let keys = DataKeys::new(Box::new(google.key(KEY)), limits);
    let wrapped = keys.wrap(&FILE_KEY, &ASSOCIATED).unwrap();
    let reading = DataKeys::reading(Box::new(google.key(KEY)), limits);
    let reference = format!("datakey:{}", google_uri(KEY));
    let bare = Aes256Gcm::new(&FILE_KEY.into());
    let mut contest = Contest::new("AES-256-GCM", FILE_KEY.len());
    contest.enter("bare, with its key at hand", || {
        drop(bare.encrypt(&Nonce::from([1; 12]), Payload { msg: &FILE_KEY, aad: &ASSOCIATED }).unwrap());
    });
    contest.enter("ours, wrap", || drop(keys.wrap(&FILE_KEY, &ASSOCIATED).unwrap()));
    contest.enter("ours, unwrap", || drop(reading.unwrap_as(&reference, &wrapped, &ASSOCIATED).unwrap()));
    let measured = vec![contest.run()];
    assert_eq!(google.service.asked().len(), 2, "one call each way");
    measured
}

const TOKENS: &str = "FORTRESS_BENCH_TOKENS";
