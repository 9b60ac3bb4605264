//! `brier auth check`: goes through everything that a signed call needs, one step after another, and says precisely what
//! is wrong with the first that fails.
//!
//! Source: reference sections 3.1, 3.3 and 3.5, 2026-11-20.

mod polymarket;

use std::path::Path;

use brier_kalshi::keys::{Credentials, KeyError, KeyKind};
use brier_kalshi::{Client, Config, KalshiError};
use brier_kalshi_protocol::rest::BalanceQuery;
use brier_types::VenueError as _;
use serde::Serialize;

use crate::error::{CliError, EXIT_OK, without_advice};
use crate::output::Output;
use crate::venue::{Venue, VenueArgs, VenueWord, block_on, seed};

/// Beyond this the venue's window of some seconds is near: ±10 s are taken, ±60 s are not.
const CLOCK_LIMIT_NANOS: i64 = 5_000_000_000;

/// Keys and signatures
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: AuthCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AuthCommand {
    Check(CheckArgs),
}

/// Say precisely whether a key works, and if not, why
///
/// Looks at where the key is named, the key file and its permissions, the kind of key, the key id, the clock, and makes one signed call that reads
/// the balance. Nothing is changed at the venue. Exit status 1 at the first step that fails.
///
/// On Polymarket: the wallet's addresses, both signatures, and what the exchange contracts may move. The wallet's API
/// credentials are created at the venue if there are none, and kept beside the key file.
#[derive(Debug, clap::Args)]
struct CheckArgs {
    #[command(flatten)]
    venue: VenueArgs,
}

/// One step that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Step {
    #[serde(rename = "step")]
    name: &'static str,
    ok: bool,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct Document {
    ok: bool,
    host: String,
    steps: Vec<Step>,
}

/// Runs the check.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let AuthCommand::Check(args) = &args.command;
    let document = if args.venue.venue == VenueWord::Polymarket {
        polymarket::check(args)?
    } else {
        let venue = args.venue.kalshi()?;
        let steps = block_on(async { Ok(check(&venue).await) })?;
        Document { ok: steps.iter().all(|step| step.ok), host: venue.env.to_string(), steps }
    };
    output.either(&document, |output| {
        let width = document.steps.iter().map(|step| step.name.len()).max().unwrap_or(0).max(11);
        output.line(format_args!("{:<width$} {}", "host", document.host))?;
        for step in &document.steps {
            let mark = if step.ok { "ok" } else { "FAILED" };
            output.line(format_args!("{:<width$} {mark:<7} {}", step.name, step.found))?;
        }
        Ok(())
    })?;
    match document.steps.into_iter().find(|step| !step.ok) {
        None => Ok(EXIT_OK),
        Some(Step { name: step, found, next, .. }) => {
            // The key's own errors name the file first.
            let told = if found.starts_with(step) { found } else { format!("{step}: {found}") };
            let error = CliError::failure(told);
            Err(match next {
                Some(next) => error.hint(next),
                None => error,
            })
        }
    }
}

fn good(step: &'static str, found: impl Into<String>) -> Step {
    Step { name: step, ok: true, found: found.into(), next: None }
}

fn bad(step: &'static str, found: impl Into<String>, next: impl Into<String>) -> Step {
    Step { name: step, ok: false, found: found.into(), next: Some(next.into()) }
}

/// Every step up to the first that fails.
async fn check(venue: &Venue) -> Vec<Step> {
    let Some((key_id, file)) = &venue.key else {
        return vec![bad(
            "key source",
            "no key is named",
            "set KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH, or give --key-id and --key-file; the key of a \
             running `brier exchange` is found through its ready file",
        )];
    };
    let source = format!("{} from {}", file.display(), venue.key_origin);
    if matches!(file.try_exists(), Ok(false)) {
        let next = format!("nothing is at {}: check the path", file.display());
        return vec![bad(
            "key source",
            format!("there is no file {}, named by {}", file.display(), venue.key_origin),
            next,
        )];
    }
    let mut steps = vec![good("key source", source), key_id_step(key_id)];
    if steps.iter().any(|step| !step.ok) {
        return steps;
    }
    match Credentials::from_file(key_id, file) {
        Ok(credentials) => {
            let kind = match credentials.kind() {
                KeyKind::Rsa => "RSA, signs with PSS",
                KeyKind::Ed25519 => "Ed25519",
            };
            steps.push(good("key file", format!("a private key only you may read: {kind}")));
            talk(venue, credentials, &mut steps).await;
        }
        Err(error) => steps.push(key_problem(&error, file)),
    }
    steps
}

/// The steps that need the venue.
async fn talk(venue: &Venue, credentials: Credentials, steps: &mut Vec<Step>) {
    let public = Client::new(venue.env.clone(), None, Config::new(seed()));
    let signed = Client::new(venue.env.clone(), Some(credentials), Config::new(seed()));
    let (public, signed) = match (public, signed) {
        (Ok(public), Ok(signed)) => (public, signed),
        (Err(error), _) | (_, Err(error)) => {
            steps.push(bad("host", error.to_string(), error.hint().unwrap_or_default()));
            return;
        }
    };
    // Public first: if this fails it is no matter of keys.
    if let Err(error) = public.exchange_status().await {
        steps.push(bad(
            "host",
            error.to_string(),
            "check the network and `--env` or `--url`; a local exchange has to run",
        ));
        return;
    }
    steps.push(good("host", "answers public calls"));
    let clock = clock_step(public.clock_offset().bounds());
    let clock_is_good = clock.ok;
    steps.push(clock);
    if !clock_is_good {
        return;
    }
    match signed.balance(&BalanceQuery::default()).await {
        Ok(_) => steps.push(good("signature", "the venue knows the key and accepts what it signs")),
        Err(error) => {
            steps.push(refusal(&error));
            return;
        }
    }
    match signed.account_limits().await {
        Ok(limits) => steps.push(good(
            "limits",
            format!(
                "tier {}, reads {} and writes {} tokens a second",
                limits.usage_tier, limits.read.refill_rate, limits.write.refill_rate
            ),
        )),
        Err(error) => steps.push(refusal(&error)),
    }
}

/// What is wrong with a key file. The error itself says it; the next step depends on its kind.
fn key_problem(error: &KeyError, file: &Path) -> Step {
    let file = file.display();
    let next = match error {
        KeyError::Io { .. } => format!("make {file} readable for this user"),
        KeyError::Permissions { .. } => format!("run `chmod 600 {file}`"),
        KeyError::NotAFile { .. } => "give the PEM file itself".to_owned(),
        KeyError::Pem { .. } => "give the PEM file the venue showed once, when the key was made, unchanged".to_owned(),
        KeyError::Label { hint, .. } => (*hint).to_owned(),
        KeyError::Rejected { .. } => "make a new key at the venue: RSA of 2048 bits or Ed25519".to_owned(),
        KeyError::KeyId => "give the key id as shown beside the key: a UUID".to_owned(),
        _ => "make a new key at the venue and use its file unchanged".to_owned(),
    };
    bad("key file", without_advice(error.to_string(), &next), next)
}

/// Key ids are UUIDs: five groups of hexadecimal digits.
fn key_id_step(key_id: &str) -> Step {
    let groups: Vec<&str> = key_id.trim().split('-').collect();
    let hexadecimal = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if hexadecimal && groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) {
        good("key id", key_id)
    } else {
        bad(
            "key id",
            format!("expected a UUID such as 0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0, found `{key_id}`"),
            "copy the id shown beside the key on the venue's site, not its name",
        )
    }
}

/// How far our clock may be off, from the bounds in nanoseconds that the venue's `Date` headers allow.
fn clock_step(bounds: Option<(i64, i64)>) -> Step {
    let Some((low, high)) = bounds else {
        return good("clock", "not compared: the host sends no Date header");
    };
    let seconds = |nanos: i64| format!("{}.{} s", nanos / 1_000_000_000, (nanos % 1_000_000_000).abs() / 100_000_000);
    // Only what is certain counts: a Date has whole seconds.
    let certain = if low > 0 { low } else { high.min(0) };
    if certain.abs() <= CLOCK_LIMIT_NANOS {
        return good("clock", format!("within {} of the venue's", seconds(low.abs().max(high.abs()))));
    }
    let direction = if certain > 0 { "behind" } else { "ahead of" };
    bad(
        "clock",
        format!("at least {} {direction} the venue's", seconds(certain.abs())),
        "set this machine's clock (NTP): the venue takes signatures of the last seconds only",
    )
}

/// A refused signed call in plain words.
fn refusal(error: &KalshiError) -> Step {
    let code = error.code().map(|code| code.as_str().to_owned()).unwrap_or_default();
    let body = error.body().unwrap_or_default();
    let (step, plain, next) = match (error.status(), code.as_str()) {
        (Some(401), "authentication_error") if body.contains("INCORRECT_API_KEY_SIGNATURE") => (
            "signature",
            "the venue knows the key id, but this private key did not make it",
            "use the PEM file that came with this key id; keys of two ids are easily mixed up",
        ),
        (Some(401), "authentication_error") if body.contains("NOT_FOUND") => (
            "key id",
            "the venue does not know this key id",
            "check the environment: demo, production and every local exchange have keys of their own; or the key was deleted",
        ),
        (Some(401), "header_timestamp_expired") => {
            ("clock", "the signature's time is outside the venue's window", "set this machine's clock (NTP)")
        }
        (Some(401), "token_authentication_failure" | "signature_is_missing_from_headers") => (
            "signature",
            "the venue saw no complete signature",
            "a proxy between here and the venue may drop the KALSHI-ACCESS headers",
        ),
        (Some(401), _) => {
            ("signature", "the venue refuses the signature", "see its answer; make a new key if it persists")
        }
        (Some(403), _) => (
            "scope",
            "the key is good, but may not do this",
            "the key's scopes or its subaccount restriction forbid reading the balance: make a key with scope `read`",
        ),
        _ => {
            let next = error.hint().unwrap_or_else(|| "try again later".to_owned());
            return bad("call", error.to_string(), next);
        }
    };
    bad(step, format!("{plain} ({error})"), next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use brier_kalshi_protocol::errors::ApiError;
    use brier_kalshi_protocol::rest::Method;

    fn refused(status: u16, code: &str, details: &str) -> (&'static str, String) {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"{code}","details":"{details}"}}}}"#);
        let answer = Box::new(ApiError::new(Method::Get, "/trade-api/v2/portfolio/balance", status, &body));
        let kind = answer.kind();
        let step = refusal(&KalshiError::Venue { operation: "read balance", answer, kind });
        (step.name, step.found)
    }

    #[test]
    fn every_documented_refusal_has_its_own_words() {
        let (step, found) = refused(401, "authentication_error", "INCORRECT_API_KEY_SIGNATURE");
        assert_eq!((step, found.contains("this private key did not make it")), ("signature", true), "{found}");
        let (step, found) = refused(401, "authentication_error", "NOT_FOUND");
        assert_eq!((step, found.contains("does not know this key id")), ("key id", true));
        assert_eq!(refused(401, "header_timestamp_expired", "").0, "clock");
        assert_eq!(refused(401, "token_authentication_failure", "").0, "signature");
        assert_eq!(refused(401, "signature_is_missing_from_headers", "").0, "signature");
        assert_eq!(refused(403, "forbidden", "").0, "scope");
        assert_eq!(refused(500, "internal_error", "").0, "call");
    }

    #[test]
    fn a_key_id_is_a_uuid() {
        assert!(key_id_step("0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0").ok);
        for id in ["", "my key", "0b1c2d3e4f5061728394a5b6c7d8e9f0", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9fg"] {
            assert!(!key_id_step(id).ok, "{id}");
        }
    }

    #[test]
    fn only_a_certain_difference_of_clocks_counts() {
        assert!(clock_step(None).ok);
        assert!(clock_step(Some((-900_000_000, 200_000_000))).ok);
        let behind = clock_step(Some((29_000_000_000, 30_000_000_000)));
        assert_eq!((behind.ok, behind.found.as_str()), (false, "at least 29.0 s behind the venue's"));
        let ahead = clock_step(Some((-31_000_000_000, -30_500_000_000)));
        assert_eq!((ahead.ok, ahead.found.as_str()), (false, "at least 30.5 s ahead of the venue's"));
    }
}
