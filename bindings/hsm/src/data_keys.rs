//! One call for many envelopes: data keys, kept for a while.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fortress::external::{
    DataKey, ExternalKey, ExternalKeyError, MAX_DATA_KEY_USES, data_key_reference, wrapped_data_key, wrapping_reference,
};
use getrandom::SysRng;
use zeroize::Zeroizing;

use crate::Key;

/// An external key that is asked once for many envelopes (spec ).
///
/// It wraps a fresh *data key*, and that wraps the file keys of envelopes, here, until it is too old or was used too often. To open them, the data key in
/// their headers is unwrapped once and kept as long. What it costs: who reads this process's memory meanwhile opens all envelopes of the data keys that are
/// there, and not one; and the service's log tells of data keys and not of envelopes, and its refusals come as late as the data key is old.
///
/// Envelopes for the key itself are opened as well. It can be shared between threads, which then ask for one data key to wrap by together. Nobody waits
/// while another thread asks for one to open by.
pub struct DataKeys {
    key: Key,
    reference: String,
    writes: bool,
    limits: DataKeyLimits,
    clock: Clock,
    /// Held by the thread that asks for a data key to wrap by. Taken before the state, and never the other way round.
    making: Mutex<()>,
    /// Never held during a call.
    state: Mutex<State>,
}

/// How long a data key is kept, how often it is used, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataKeyLimits {
    /// Since it was made, or unwrapped.
    pub age: Duration,
    /// File keys that one wraps, or unwraps; at most 2^32.
    pub uses: u64,
    /// Data keys of others that are kept for opening: the one that was unwrapped first goes first.
    pub held: usize,
}

impl Default for DataKeyLimits {
    /// Five minutes, 10,000 uses, 16 data keys.
    fn default() -> DataKeyLimits {
        DataKeyLimits { age: Duration::from_secs(300), uses: 10_000, held: 16 }
    }
}

/// What tells the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock {
    /// Tells what this tells.
    pub fn by(now: impl Fn() -> Instant + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(now))
    }
}

impl Default for Clock {
    /// The system's.
    fn default() -> Clock {
        Clock::by(Instant::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

#[derive(Default)]
struct State {
    /// The one that wraps.
    own: Option<Kept>,
    /// Those that unwrap, the oldest first.
    others: Vec<Kept>,
    /// How often all were wiped: what was asked for before is not kept after.
    wiped: u64,
}

struct Kept {
    key: DataKey,
    since: Instant,
    uses: u64,
}

impl DataKeys {
    /// Data keys that this key wraps and unwraps.
    pub fn new(key: Key, limits: DataKeyLimits) -> DataKeys {
        let reference = data_key_reference(key.reference());
        DataKeys { reference, writes: true, ..DataKeys::reading(key, limits) }
    }

    /// The key as it is, which opens envelopes of its data keys too.
    pub fn reading(key: Key, limits: DataKeyLimits) -> DataKeys {
        let reference = key.reference().to_owned();
        DataKeys {
            key,
            reference,
            writes: false,
            limits,
            clock: Clock::default(),
            making: Mutex::default(),
            state: Mutex::default(),
        }
    }

    /// With another clock.
    pub fn clock(self, clock: Clock) -> DataKeys {
        DataKeys { clock, ..self }
    }

    /// Wipes the data keys that are kept. Otherwise those that are too old go with the next call, and all when this is dropped.
    pub fn forget(&self) {
        let mut state = self.state();
        *state = State { wiped: state.wiped.wrapping_add(1), ..State::default() };
    }

    /// The state, without the data keys that are spent.
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in another thread leaves data keys that are whole.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock.0)();
        let uses = self.limits.uses.min(MAX_DATA_KEY_USES);
        let serves = |kept: &mut Kept| now.saturating_duration_since(kept.since) < self.limits.age && kept.uses < uses;
        state.own.take_if(|kept| !serves(kept));
        state.others.retain_mut(serves);
        state
    }

    /// One that is about to be used.
    fn kept(&self, key: DataKey) -> Kept {
        Kept { key, since: (self.clock.0)(), uses: 1 }
    }
}

impl State {
    fn own(&mut self) -> Option<&DataKey> {
        self.own.as_mut().map(Kept::used)
    }

    /// The one that the key of this reference wrapped as this.
    fn find(&mut self, reference: &str, wrapped: &[u8]) -> Option<&DataKey> {
        let mut kept = self.own.iter_mut().chain(&mut self.others);
        kept.find(|kept| kept.key.is(reference, wrapped)).map(Kept::used)
    }
}

impl Kept {
    fn used(&mut self) -> &DataKey {
        self.uses += 1;
        &self.key
    }
}

impl ExternalKey for DataKeys {
    fn reference(&self) -> &str {
        &self.reference
    }

    fn wrap(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        if !self.writes {
            return self.key.wrap(file_key, associated);
        }
        if let Some(own) = self.state().own() {
            return own.wrap(file_key, associated, &mut SysRng);
        }
        // Threads that come meanwhile want the same data key. A panic in one of them leaves nothing half done.
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let before = {
            let mut state = self.state();
            if let Some(own) = state.own() {
                return own.wrap(file_key, associated, &mut SysRng);
            }
            state.wiped
        };
        let own = self.kept(DataKey::generate(&*self.key, &mut SysRng)?);
        let wrapped = own.key.wrap(file_key, associated, &mut SysRng);
        let mut state = self.state();
        if state.wiped == before {
            state.own = Some(own);
        }
        wrapped
    }

    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        self.unwrap_as(&self.reference, wrapped, associated)
    }

    fn unwrap_as(
        &self,
        reference: &str,
        wrapped: &[u8],
        associated: &[u8; 32],
    ) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        let Some(inner) = wrapping_reference(reference) else {
            return self.key.unwrap_as(reference, wrapped, associated);
        };
        let not_authentic = || ExternalKeyError::NotAuthentic { reference: reference.to_owned() };
        let data_key = wrapped_data_key(wrapped).ok_or_else(not_authentic)?;
        let before = {
            let mut state = self.state();
            if let Some(key) = state.find(inner, data_key) {
                return key.unwrap(wrapped, associated);
            }
            state.wiped
        };
        // What a stranger wrote is asked for as well, and keeps nobody else waiting. What the key does not open takes nobody's place.
        let new = self.kept(DataKey::open(&*self.key, inner, data_key)?);
        let file_key = new.key.unwrap(wrapped, associated);
        let mut state = self.state();
        // Another thread may have asked for the same.
        if state.wiped == before && state.find(inner, data_key).is_none() {
            state.others.push(new);
            let over = state.others.len().saturating_sub(self.limits.held);
            state.others.drain(..over);
        }
        file_key
    }

    fn opens(&self, reference: &str) -> bool {
        self.key.opens(wrapping_reference(reference).unwrap_or(reference))
    }
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKeys").field("key", &self.key).field("limits", &self.limits).finish_non_exhaustive()
    }
}
