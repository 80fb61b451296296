//! A secret from stdin: kept byte for byte, looked at for what people get wrong.

use std::io::{IsTerminal as _, Read as _};

use hookwheel_core::webhook::Auth;
use hookwheel_runtime::secret::Secret;
use hookwheel_sources::Verifier;

use crate::exit::Failure;
use crate::output;

/// Fewer bytes can be found by trying.
const LEAST: usize = 16;
/// More bytes are a file by mistake.
const MOST: usize = 8 * 1024;

/// Reads stdin to its end.
pub(super) fn read(auth: &Auth) -> Result<Secret, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        output::say("type or paste the secret, then Ctrl-D twice without a line end");
    }
    let mut bytes = Vec::new();
    let read = stdin.lock().take(MOST as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::failed(format!("cannot read stdin: {error}")))?;
    check(Secret::new(bytes), auth)
}

/// Refuses what cannot be meant.
fn check(secret: Secret, auth: &Auth) -> Result<Secret, Failure> {
    let remedy = "give the secret on stdin, such as `printf %s \"$SECRET\" | hookwheel secret set ..`";
    match secret.expose().len() {
        0 => return Err(Failure::usage("the secret is empty").remedy(remedy)),
        1..LEAST => return Err(Failure::usage(format!("the secret is shorter than {LEAST} bytes")).remedy(remedy)),
        LEAST..=MOST => {}
        _ => return Err(Failure::usage(format!("the secret is longer than {MOST} bytes")).remedy(remedy)),
    }
    if !Verifier::new(auth, &[secret.expose()]).is_usable(0) {
        return Err(Failure::usage("the webhook's scheme cannot use this secret").remedy(
            "see `auth` in docs/operating/configuration.md for what the scheme's secret looks like; it is kept byte \
             for byte, so a line end or a blank counts",
        ));
    }
    Ok(secret)
}

/// What is odd about a secret that is kept all the same.
pub(super) fn oddity(secret: &Secret) -> Option<&'static str> {
    match secret.expose() {
        [.., b'\n' | b'\r'] => Some("the secret ends with a line end, which is part of it now"),
        [.., b' ' | b'\t'] | [b' ' | b'\t', ..] => Some("the secret has a blank at an end, which is part of it now"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> Option<String> {
        check(Secret::new(bytes), &Auth::GithubHmacSha256).err().map(|failure| failure.message)
    }

    #[test]
    fn what_is_too_short_or_unusable_is_refused_and_never_repeated() {
        assert_eq!(refusal(b"").unwrap(), "the secret is empty");
        assert_eq!(refusal(b"fifteen bytes!!").unwrap(), "the secret is shorter than 16 bytes");
        assert_eq!(refusal(b"sixteen bytes!!!"), None);
        assert!(refusal(&[b'x'; MOST + 1]).is_some());
        let unusable = check(Secret::new(*b"not base64, certainly not"), &Auth::StandardWebhooks).unwrap_err();
        assert!(!format!("{unusable:?}").contains("certainly"));
    }

    #[test]
    fn bytes_at_the_ends_are_kept_and_pointed_out() {
        for (bytes, odd) in [
            (&b"a secret of many bytes\n"[..], true),
            (b"a secret of many bytes\r", true),
            (b"a secret of many bytes ", true),
            (b" a secret of many bytes", true),
            (b"a secret of many bytes", false),
        ] {
            let kept = check(Secret::new(bytes), &Auth::GithubHmacSha256).unwrap();
            assert_eq!(kept.expose(), bytes);
            assert_eq!(oddity(&kept).is_some(), odd);
        }
    }
}
