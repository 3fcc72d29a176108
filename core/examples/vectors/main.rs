//! Writes the shared test vectors to the folder given as the only argument: `cargo xtask vectors`.
//!
//! All randomness comes from generators seeded with the cases' names, so the files change only where the formats do.

mod cases;
mod cbor;
mod envelopes;
mod external;
mod forged_grants;
mod grants;
mod headers;
mod identities;
mod keyrings;
mod scopes;
mod shares;
mod signing;
mod tokens;

use std::{error::Error, fs, path::Path};

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: vectors <folder>")?;
    let world = keyrings::World::new()?;
    let families = [
        ("keyrings.json", keyrings::family(&world)?),
        ("scopes.json", keyrings::scopes()?),
        ("contexts.json", tokens::contexts()?),
        ("tokens.json", tokens::family(&world)?),
        ("groups.json", tokens::groups(&world)?),
        ("rows.json", tokens::rows(&world)?),
        ("envelopes.json", envelopes::family(&world)?),
        ("identities.json", identities::family()?),
        ("external-envelopes.json", external::family(&world)?),
        ("shares.json", shares::family()?),
        ("held-shares.json", shares::held()?),
        ("shared-envelopes.json", identities::envelopes(&world)?),
        ("scope-identities.json", scopes::family(&world)?),
        ("scope-envelopes.json", scopes::envelopes(&world)?),
        ("signing-keys.json", signing::keys()?),
        ("grants.json", grants::family(&world)?),
    ];
    for (name, family) in families {
        write(Path::new(&folder).join(name).as_path(), &family)?;
    }
    Ok(())
}

/// Writes beside, then renames: a run that fails leaves the old file whole.
fn write(path: &Path, family: &Value) -> Result<(), Box<dyn Error>> {
    let beside = path.with_extension("json.new");
    fs::write(&beside, serde_json::to_string_pretty(family)? + "\n")?;
    fs::rename(&beside, path)?;
    println!("wrote {}", path.display());
    Ok(())
}
