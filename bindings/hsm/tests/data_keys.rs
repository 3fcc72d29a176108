//! One call for many envelopes, counted by the service.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::google::{Google, KEY, OTHER, failure, uri};
use common::keys::{ASSOCIATED, FILE_KEY, sealed_for};
use common::service::Fault;
use fortress::Context;
use fortress::envelope::{self, EnvelopeError, Identity, ReadLimits};
use fortress::external::{ExternalKey, ExternalKeyError};
use fortress_hsm::cloud::GcpKmsKey;
use fortress_hsm::{Clock, DataKeyLimits, DataKeys};
use zeroize::Zeroizing;

#[test]
fn many_envelopes_cost_one_call_each_way() {
    let google = Google::start();
    let context = Context::new([("row", "1")]).unwrap();
    let writing = DataKeys::new(Box::new(google.key(KEY)), DataKeyLimits::default());
    let sealed: Vec<Vec<u8>> = (0..100).map(|_| sealed_for(&writing, &context)).collect();
    assert_eq!(google.service.asked().len(), 1);
    let open = |key: &dyn ExternalKey, sealed: &[u8]| {
        envelope::open(sealed, &[Identity::External(key)], &context, &ReadLimits::default()).map(drop)
    };
    let reading = DataKeys::reading(Box::new(google.key(KEY)), DataKeyLimits::default());
    sealed.iter().for_each(|sealed| open(&reading, sealed).unwrap());
    assert_eq!(google.service.asked().len(), 1);
    // Who wrote them need not ask.
    sealed.iter().for_each(|sealed| open(&writing, sealed).unwrap());
    assert_eq!(google.service.asked().len(), 0);
    // Each stands alone.
    open(&DataKeys::reading(Box::new(google.key(KEY)), DataKeyLimits::default()), &sealed[99]).unwrap();
    assert_eq!(google.service.asked().len(), 1);

    // Envelopes for the key itself are opened too, and written by who only reads.
    let plain = sealed_for(&reading, &context);
    open(&google.key(KEY), &plain).unwrap();
    open(&writing, &plain).unwrap();
    assert_eq!(google.service.asked().len(), 3);
    // A reader that knows no data keys, and another key, say whom they are for.
    for key in [
        &google.key(KEY) as &dyn ExternalKey,
        &DataKeys::reading(Box::new(google.key(OTHER)), DataKeyLimits::default()),
    ] {
        let error = open(key, &sealed[0]).unwrap_err();
        assert!(
            matches!(error, EnvelopeError::WrongRecipient { .. }) && error.to_string().contains(&uri(KEY)),
            "{error}"
        );
    }
    assert_eq!(google.service.asked().len(), 0);
    assert!(sealed[0].windows(8).any(|part| part == b"datakey:"));
}

#[test]
fn a_data_key_grows_old_and_is_used_up() {
    let google = Google::start();
    let now = Arc::new(Mutex::new(Instant::now()));
    let told = Arc::clone(&now);
    let limits = DataKeyLimits { age: Duration::from_secs(60), uses: 3, held: 2 };
    let new = |writes: bool| {
        let key = Box::new(google.key(KEY));
        let keys = if writes { DataKeys::new(key, limits) } else { DataKeys::reading(key, limits) };
        let told = Arc::clone(&told);
        keys.clock(Clock::by(move || *told.lock().unwrap()))
    };
    let later = |seconds| *now.lock().unwrap() += Duration::from_secs(seconds);
    let writing = new(true);
    let wrap = || writing.wrap(&FILE_KEY, &ASSOCIATED).unwrap();
    let calls = || google.service.asked().len();
    // Used three times, and no more.
    let first: Vec<_> = (0..3).map(|_| wrap()).collect();
    assert_eq!(calls(), 1);
    let second = wrap();
    assert_eq!(calls(), 1);
    later(59);
    wrap();
    assert_eq!(calls(), 0);
    later(1);
    let third = wrap();
    assert_eq!(calls(), 1);

    let reading = new(false);
    let reference = format!("datakey:{}", uri(KEY));
    let unwrap =
        |wrapped: &[u8]| reading.unwrap_as(&reference, wrapped, &ASSOCIATED).map(|key| assert_eq!(*key, FILE_KEY));
    (0..3).for_each(|at| unwrap(&first[at]).unwrap());
    assert_eq!(calls(), 1);
    unwrap(&first[0]).unwrap();
    assert_eq!(calls(), 1, "used up");
    later(60);
    unwrap(&first[0]).unwrap();
    assert_eq!(calls(), 1, "too old");
    unwrap(&second).unwrap();
    unwrap(&third).unwrap();
    assert_eq!(calls(), 2);
    unwrap(&second).unwrap();
    assert_eq!(calls(), 0);
    unwrap(&first[0]).unwrap();
    assert_eq!(calls(), 1, "the third took its place");
    reading.forget();
    unwrap(&third).unwrap();
    assert_eq!(calls(), 1);

    // Nothing is kept where nothing may be.
    for limits in [
        DataKeyLimits { age: Duration::ZERO, ..limits },
        DataKeyLimits { uses: 0, ..limits },
        DataKeyLimits { held: 0, ..limits },
    ] {
        let reading = DataKeys::reading(Box::new(google.key(KEY)), limits);
        (0..2).for_each(|_| drop(reading.unwrap_as(&reference, &first[0], &ASSOCIATED).unwrap()));
        assert_eq!(calls(), 2, "{limits:?}");
    }
}

#[test]
fn what_is_not_a_data_keys_is_refused_and_takes_no_place() {
    let google = Google::start();
    let limits = DataKeyLimits { held: 1, ..DataKeyLimits::default() };
    let writing = DataKeys::new(Box::new(google.key(KEY)), limits);
    let wrapped = writing.wrap(&FILE_KEY, &ASSOCIATED).unwrap();
    let reading = DataKeys::reading(Box::new(google.key(KEY)), limits);
    let reference = writing.reference();
    reading.unwrap_as(reference, &wrapped, &ASSOCIATED).unwrap();
    google.service.asked();
    let refused = |reference: &str, wrapped: &[u8], associated: &[u8; 32], calls: usize| {
        let error = reading.unwrap_as(reference, wrapped, associated).unwrap_err();
        assert_eq!((error.code(), google.service.asked().len()), ("authentication_failed", calls), "{error}");
    };
    refused(reference, &wrapped, &[8; 32], 0);
    refused(reference, &wrapped[..wrapped.len() - 1], &ASSOCIATED, 0);
    refused(reference, &[], &ASSOCIATED, 0);
    refused(reference, &[2; 100], &ASSOCIATED, 0);
    // Its data key changed; and under another name.
    let mut changed = wrapped.clone();
    changed[30] ^= 1;
    refused(reference, &changed, &ASSOCIATED, 1);
    refused(&format!("datakey:{}", uri(OTHER)), &wrapped, &ASSOCIATED, 1);
    // A file key that the key wrapped itself, as if it were a data key; and a data key as if it were a file key.
    let plain = reading.wrap(&FILE_KEY, &ASSOCIATED).unwrap();
    google.service.asked();
    let len = (plain.len() as u16).to_be_bytes();
    refused(reference, &[&[1], &len[..], &plain, &[0; 60]].concat(), &ASSOCIATED, 1);
    let data_key = &wrapped[3..wrapped.len() - 60];
    refused(&uri(KEY), data_key, &ASSOCIATED, 1);
    reading.unwrap_as(reference, &wrapped, &ASSOCIATED).unwrap();
    assert_eq!(google.service.asked().len(), 0, "it is still there");
    let said = format!("{reading:?} {writing:?}");
    assert!(!said.contains("[7, 7") && said.contains("DataKeys"), "{said}");
}

#[test]
fn a_refusal_is_passed_on_and_nothing_is_kept_of_it() {
    let google = Google::start();
    let keys = DataKeys::new(Box::new(google.key(KEY)), DataKeyLimits::default());
    google.service.next([Fault::Reply(403, failure(403, "PERMISSION_DENIED", "no"))]);
    assert_eq!(keys.wrap(&FILE_KEY, &ASSOCIATED).unwrap_err().code(), "key_refused");
    google.service.next([0; 3].map(|_| Fault::Reply(503, String::new())));
    assert_eq!(keys.wrap(&FILE_KEY, &ASSOCIATED).unwrap_err().code(), "key_unavailable");
    let wrapped = keys.wrap(&FILE_KEY, &ASSOCIATED).unwrap();
    let reading = DataKeys::reading(Box::new(google.key(KEY)), DataKeyLimits::default());
    google.keys.lock().unwrap()[0].versions[0].1 = false;
    assert_eq!(reading.unwrap_as(keys.reference(), &wrapped, &ASSOCIATED).unwrap_err().code(), "key_refused");
    google.keys.lock().unwrap()[0].versions[0].1 = true;
    assert_eq!(*reading.unwrap_as(keys.reference(), &wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
}

/// A key that does not answer until it may.
#[derive(Debug)]
struct Slow {
    key: GcpKmsKey,
    asked: Sender<()>,
    may: Mutex<Receiver<()>>,
}

impl Slow {
    fn wait(&self) -> Result<(), ExternalKeyError> {
        self.asked.send(()).unwrap();
        // Ends what would otherwise wait for itself.
        self.may.lock().unwrap().recv_timeout(Duration::from_secs(20)).map_err(|_| ExternalKeyError::Unavailable {
            reference: self.reference().to_owned(),
            reason: "somebody waits for this".to_owned(),
        })
    }
}

impl ExternalKey for Slow {
    fn reference(&self) -> &str {
        self.key.reference()
    }

    fn wrap(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        self.wait()?;
        self.key.wrap(file_key, associated)
    }

    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        self.wait()?;
        self.key.unwrap(wrapped, associated)
    }
}

#[test]
fn nobody_waits_for_what_another_asks() {
    let google = Google::start();
    let limits = DataKeyLimits::default();
    let [known, other, mut junk] =
        [(); 3].map(|()| DataKeys::new(Box::new(google.key(KEY)), limits).wrap(&FILE_KEY, &ASSOCIATED).unwrap());
    junk[30] ^= 1;
    let ((asked, asks), (lets, may)) = (mpsc::channel(), mpsc::channel());
    let keys = DataKeys::new(Box::new(Slow { key: google.key(KEY), asked, may: Mutex::new(may) }), limits);
    let open = |wrapped: &[u8]| keys.unwrap_as(keys.reference(), wrapped, &ASSOCIATED);
    lets.send(()).unwrap();
    open(&known).unwrap();
    asks.recv().unwrap();
    let during = |ask: &(dyn Fn() -> Result<(), ExternalKeyError> + Sync), act: &dyn Fn()| {
        thread::scope(|scope| {
            let asking = scope.spawn(ask);
            asks.recv().unwrap();
            act();
            lets.send(()).unwrap();
            asking.join().unwrap()
        })
    };
    let refused = during(&|| open(&junk).map(drop), &|| drop(open(&known).unwrap())).unwrap_err();
    assert_eq!(refused.code(), "authentication_failed", "{refused}");
    during(&|| keys.wrap(&FILE_KEY, &ASSOCIATED).map(drop), &|| drop(open(&known).unwrap())).unwrap();
    // What is on its way when all are wiped is used, and not kept.
    during(&|| open(&other).map(drop), &|| keys.forget()).unwrap();
    during(&|| keys.wrap(&FILE_KEY, &ASSOCIATED).map(drop), &|| keys.forget()).unwrap();
    google.service.asked();
    during(&|| open(&other).map(drop), &|| ()).unwrap();
    during(&|| keys.wrap(&FILE_KEY, &ASSOCIATED).map(drop), &|| ()).unwrap();
    assert_eq!(google.service.asked().len(), 2);
}

#[test]
fn threads_ask_for_one_data_key_together() {
    let google = Google::start();
    let keys = DataKeys::new(Box::new(google.key(KEY)), DataKeyLimits::default());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| drop(keys.wrap(&FILE_KEY, &ASSOCIATED).unwrap())));
        }
    });
    assert_eq!(google.service.asked().len(), 1);
}
