//! `fortress hsm …`.

use fortress_hsm::pkcs11::{self, KeyInfo, Mechanism, Pkcs11Error, Pkcs11Uri, TokenInfo, Tries};
use serde_json::json;

use crate::arguments::Common;
use crate::external::HsmCommand;
use crate::failure::Failure;
use crate::report::Report;

pub(super) fn run(command: &HsmCommand, common: &Common, report: &Report) -> Result<(), Failure> {
    match command {
        HsmCommand::List { uri: None } => {
            let module = common.hardware.module().ok_or(Pkcs11Error::NoModule)?;
            pkcs11::list_tokens(&module)?.iter().try_for_each(|token| show_token(token, report))
        }
        HsmCommand::List { uri: Some(uri) } => pkcs11::list_keys(&uri.pkcs11()?, &common.hardware.access())?
            .iter()
            .try_for_each(|key| show_key(key, report)),
        HsmCommand::InitKey { uri, mechanism } => init_key(&uri.pkcs11()?, *mechanism, common, report),
    }
}

fn init_key(uri: &Pkcs11Uri, mechanism: Option<Mechanism>, common: &Common, report: &Report) -> Result<(), Failure> {
    let made = pkcs11::generate(uri, mechanism, &common.hardware.access())?;
    report.result(
        || json!({ "key": made.uri.to_string(), "mechanism": made.mechanism.name() }),
        || {
            format!(
                "{}\nwraps by {} and cannot leave its token; encrypt for it with --recipient",
                made.uri, made.mechanism
            )
        },
    )
}

fn show_token(token: &TokenInfo, report: &Report) -> Result<(), Failure> {
    let mechanisms: Vec<&str> = token.mechanisms.iter().map(|mechanism| mechanism.name()).collect();
    let pin = match token.tries {
        None => "locked",
        Some(Tries::Few) => "few tries left",
        Some(Tries::Last) => "one try left",
        Some(_) => "ready",
    };
    report.result(
        || {
            json!({
                "token": token.uri.to_string(),
                "label": token.label,
                "model": token.model,
                "serial": token.serial,
                "mechanisms": mechanisms,
                "pin": pin,
            })
        },
        || format!("{}\n  {}; PIN {pin}; {}", token.uri, token.model, mechanisms.join(" ")),
    )
}

fn show_key(key: &KeyInfo, report: &Report) -> Result<(), Failure> {
    let why_not = key.mechanism.as_ref().err().map(ToString::to_string);
    let mechanism = key.mechanism.as_ref().ok().map(|mechanism| mechanism.name());
    report.result(
        || json!({ "key": key.uri.to_string(), "kind": key.kind, "mechanism": mechanism, "unusable": why_not }),
        || {
            let how = match (mechanism, &why_not) {
                (Some(mechanism), _) => format!("wraps by {mechanism}"),
                (None, why_not) => format!("not usable: {}", why_not.as_deref().unwrap_or_default()),
            };
            format!("{}\n  {}; {how}", key.uri, key.kind)
        },
    )
}
