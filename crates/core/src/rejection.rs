//! Why a request was refused, in words, and whose move is next. For operators: a sender never hears any of it.

/// One way to be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    /// Its name in records.
    pub rule: &'static str,
    /// What was wrong; completes "refused because ...".
    pub because: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

const fn rule(rule: &'static str, because: &'static str, remedy: &'static str) -> Rejection {
    Rejection { rule, because, remedy }
}

/// Every rule that refuses a request to a known webhook.
pub const ALL: &[Rejection] = &[
    rule(
        "missing_signature",
        "the header that carries the proof was not there",
        "set the secret at the sender, and see that no proxy removes the header",
    ),
    rule(
        "malformed_signature",
        "the proof was not written as the scheme demands, or was there twice",
        "compare the header with `auth` of the webhook: the sender may use another scheme",
    ),
    rule(
        "signature_mismatch",
        "the proof belongs to another secret or to another body",
        "the sender signs with another secret, or a proxy changes the body: compare the secret on both sides",
    ),
    rule(
        "timestamp_missing",
        "the scheme signs a time and there was none",
        "see that no proxy removes the header that carries it",
    ),
    rule("timestamp_malformed", "the signed time was no time", "look at what the sender writes there"),
    rule(
        "timestamp_stale",
        "the signed time was too long ago",
        "compare both clocks; a queue in between may hold requests back longer than the window",
    ),
    rule("timestamp_future", "the signed time was too far ahead", "compare both clocks"),
    rule(
        "no_known_version",
        "there were signatures, but of no version that is taken",
        "let the sender sign with a version that a configured secret is for",
    ),
    rule("secret_not_configured", "there was no secret to compare with", "give the webhook a secret that is not empty"),
    rule("wrong_token", "the subscription named another token", "enter the webhook's `verify_token` at the provider"),
    rule("empty_body", "the body was empty", "look at what the sender is set to send"),
    rule("invalid_json", "the body was not JSON", "look at what the sender sends, and whether `source` fits it"),
    rule("invalid_form", "the form did not have exactly one payload", "let the sender post JSON"),
    rule("unexpected_shape", "the body was not what this source sends", "look whether `source` names this sender"),
    rule(
        "duplicate_key",
        "the body named something twice on which identity hangs",
        "no honest sender does: look at who sent it, and at proxies that rewrite bodies",
    ),
    rule("event_mismatch", "the body did not fit the event that the headers name", "look at proxies that rewrite"),
    rule("bad_delivery_id", "the delivery's id was over 255 bytes, or there twice", "look at what the sender writes"),
    rule("unsupported_type", "the content type is none this source takes", "let the sender post JSON"),
    rule("unsupported_encoding", "the body was compressed", "switch compression off at the sender or the proxy"),
    rule("payload_too_large", "the body was larger than this webhook takes", "raise `max_body`, or have less sent"),
    rule("request_timeout", "the body did not come in time", "look at the network between the sender and here"),
    rule("bad_request", "the body was not well framed", "look at the proxy in front"),
    rule("not_found", "the webhook is switched off", "set `enabled = true`, or take it out at the sender"),
    rule("forbidden", "the sender's address is not one that may post here", "see `allow_from` and `trusted_proxies`"),
    rule(
        "flooded",
        "requests from the same addresses had failed very often within seconds",
        "look at the other refusals of this webhook; who has authenticated lately is never held up by this",
    ),
    rule("rate_limited", "there were more requests than the limit", "raise the limit, or have it defer instead"),
];

/// The rule of this name.
pub fn explain(rule: &str) -> Option<&'static Rejection> {
    ALL.iter().find(|rejection| rejection.rule == rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_and_says_what_to_do() {
        for rejection in ALL {
            assert_eq!(ALL.iter().filter(|other| other.rule == rejection.rule).count(), 1, "{}", rejection.rule);
            assert_eq!(explain(rejection.rule), Some(rejection));
            assert!(!rejection.because.is_empty() && !rejection.remedy.is_empty());
        }
        assert_eq!(explain("of a later version"), None);
    }
}
