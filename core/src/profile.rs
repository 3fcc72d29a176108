//! Profiles: which suite is written, and how long a key version is used.

use crate::suite::Suite;

/// A name for a set of choices. Reading never depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// The fastest suites; rotation after 23 hours.
    Lightning,
    /// The default; rotation after 7 days.
    #[default]
    Balanced,
    /// The most conservative choices; rotation after 30 days.
    Fortress,
    /// For data that is kept for decades, in the suite that most libraries read; rotation after 90 days.
    Archive,
}

impl Profile {
    /// All profiles, the shortest rotation first.
    pub const ALL: [Profile; 4] = [Profile::Lightning, Profile::Balanced, Profile::Fortress, Profile::Archive];

    /// The profile with this name.
    pub fn from_name(name: &str) -> Option<Profile> {
        Profile::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// The name, as sealed keyrings store it (spec S-1).
    pub const fn name(self) -> &'static str {
        match self {
            Profile::Lightning => "lightning",
            Profile::Balanced => "balanced",
            Profile::Fortress => "fortress",
            Profile::Archive => "archive",
        }
    }

    /// Seconds after which the primary version should be rotated.
    pub const fn rotation_interval(self) -> u64 {
        const HOUR: u64 = 3600;
        match self {
            Profile::Lightning => 23 * HOUR,
            Profile::Balanced => 7 * 24 * HOUR,
            Profile::Fortress => 30 * 24 * HOUR,
            Profile::Archive => 90 * 24 * HOUR,
        }
    }

    /// The suite for field tokens and grouped tokens. `docs/performance.md` has the measurements behind the choice.
    pub const fn token_suite(self, platform: Platform) -> Suite {
        match (platform, self) {
            (Platform::WebAssembly | Platform::Software, _) => Suite::ChaCha20Poly1305,
            (Platform::AesAegis, Profile::Lightning | Profile::Balanced) => Suite::Aegis256,
            (Platform::AesAegis | Platform::Aes, _) => Suite::Aes256Gcm,
        }
    }

    /// The suite for envelopes.
    pub const fn envelope_suite(self, platform: Platform) -> Suite {
        match (platform, self) {
            (Platform::AesAegis, Profile::Lightning) => Suite::Aegis256X2,
            (Platform::Software, _) => Suite::ChaCha20Poly1305,
            // In WebAssembly the host's own AES-GCM does the chunks (WebCrypto, `node:crypto`).
            (Platform::AesAegis | Platform::Aes | Platform::WebAssembly, _) => Suite::Aes256Gcm,
        }
    }
}

/// What the machine computes fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// AES instructions, used by AES-GCM and by AEGIS.
    AesAegis,
    /// AES instructions, used by AES-GCM alone: the portable AEGIS is compiled without them.
    Aes,
    /// Neither.
    Software,
    /// A WebAssembly host.
    WebAssembly,
}

impl Platform {
    /// The platform that this code runs on.
    pub fn current() -> Platform {
        #[cfg(target_arch = "wasm32")]
        return Platform::WebAssembly;
        #[cfg(not(target_arch = "wasm32"))]
        match (aes_instructions(), AEGIS_ACCELERATED) {
            (true, true) => Platform::AesAegis,
            (true, false) => Platform::Aes,
            (false, _) => Platform::Software,
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
const AEGIS_ACCELERATED: bool = cfg!(not(feature = "portable")) || cfg!(target_feature = "aes");

#[cfg(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"))]
fn aes_instructions() -> bool {
    cpufeatures::new!(aes, "aes");
    aes::get()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64", target_arch = "wasm32")))]
fn aes_instructions() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::Suite::{Aegis256, Aegis256X2, Aes256Gcm, ChaCha20Poly1305};
    use super::*;

    /// The tables of README.md and docs/performance.md, a row a platform, profiles in their order.
    #[test]
    fn what_is_written_where() {
        for (platform, tokens, envelopes) in [
            (
                Platform::AesAegis,
                [Aegis256, Aegis256, Aes256Gcm, Aes256Gcm],
                [Aegis256X2, Aes256Gcm, Aes256Gcm, Aes256Gcm],
            ),
            (Platform::Aes, [Aes256Gcm; 4], [Aes256Gcm; 4]),
            (Platform::Software, [ChaCha20Poly1305; 4], [ChaCha20Poly1305; 4]),
            (Platform::WebAssembly, [ChaCha20Poly1305; 4], [Aes256Gcm; 4]),
        ] {
            assert_eq!(Profile::ALL.map(|profile| profile.token_suite(platform)), tokens, "{platform:?}");
            assert_eq!(Profile::ALL.map(|profile| profile.envelope_suite(platform)), envelopes, "{platform:?}");
        }
    }
}
