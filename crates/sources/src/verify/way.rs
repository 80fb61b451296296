//! From a configured [`Auth`] to the way of proof it names.

use hookwheel_core::Timestamp;
use hookwheel_core::webhook::Auth;

use super::check;
use super::custom::Custom;
use super::rule::{Piece, Rule};
use super::table::{GITHUB, GRAPH, GRAPH_ALIAS, RULES, STANDARD_WEBHOOKS, TOKENS};
use super::token::{self, Place};
use crate::Request;

/// A way of proof.
pub(super) enum Way {
    /// Everyone is believed.
    Open,
    /// A row of the table.
    Rule(&'static Rule<'static>),
    /// The operator's own scheme.
    Custom(Box<Custom>),
    /// A secret sent as it is.
    Token(&'static [Place<'static>]),
    /// A secret sent in a header of the operator's choice, lower-case.
    Header(String),
    /// A secret sent as a query parameter of the operator's choice.
    Query(String),
    /// A secret in each item of the body.
    Graph,
    /// Nothing this version knows; nobody is believed.
    Unknown,
}

const BEARER: &[Place<'static>] = &[Place::Header { name: "authorization", prefix: "Bearer " }];
const BASIC: &[Place<'static>] = &[Place::Basic];

impl Way {
    pub(super) fn of(auth: &Auth) -> Self {
        match auth {
            Auth::None => Self::Open,
            Auth::GithubHmacSha256 => Self::Rule(&GITHUB),
            Auth::StandardWebhooks => Self::Rule(&STANDARD_WEBHOOKS),
            Auth::Hmac(wanted) => Custom::new(wanted).map_or(Self::Unknown, |custom| Self::Custom(Box::new(custom))),
            Auth::StaticHeader { header } => Self::Header(header.to_ascii_lowercase()),
            Auth::Bearer => Self::Token(BEARER),
            Auth::Basic => Self::Token(BASIC),
            Auth::QueryToken { parameter } => Self::Query(parameter.clone()),
            Auth::Scheme { name, .. } => Self::named(name).map_or(Self::Unknown, |(_, way)| way),
        }
    }

    /// The way of this name, and the name it goes by in records.
    fn named(name: &str) -> Option<(&'static str, Self)> {
        let mut rules = [&GITHUB, &STANDARD_WEBHOOKS].into_iter().chain(RULES);
        if let Some(rule) = rules.find(|rule| rule.name == name || rule.aliases.contains(&name)) {
            return Some((rule.name, Self::Rule(rule)));
        }
        if let Some(named) = TOKENS.iter().find(|named| named.name == name || named.aliases.contains(&name)) {
            return Some((named.name, Self::Token(named.places)));
        }
        [GRAPH, GRAPH_ALIAS].contains(&name).then_some((GRAPH, Self::Graph))
    }

    /// Does something with the rule, if this is a signature.
    pub(super) fn with_rule<T>(&self, act: impl FnOnce(&Rule<'_>) -> T) -> Option<T> {
        match self {
            Self::Rule(rule) => Some(act(rule)),
            Self::Custom(custom) => Some(custom.with(act)),
            _ => None,
        }
    }

    /// Does something with the places of a token, if this is one.
    pub(super) fn with_places<T>(&self, act: impl FnOnce(&[Place<'_>]) -> T) -> Option<T> {
        match self {
            Self::Token(places) => Some(act(places)),
            Self::Header(name) => Some(act(&[Place::Header { name, prefix: "" }])),
            Self::Query(name) => Some(act(&[Place::Query(name)])),
            _ => None,
        }
    }
}

/// The name a scheme goes by in records.
pub(super) fn name(auth: &Auth) -> &'static str {
    match auth {
        Auth::None => "none",
        Auth::GithubHmacSha256 => GITHUB.name,
        Auth::StandardWebhooks => STANDARD_WEBHOOKS.name,
        Auth::Hmac(_) => "hmac",
        Auth::StaticHeader { .. } => "static_header",
        Auth::Bearer => "bearer",
        Auth::Basic => "basic",
        Auth::QueryToken { .. } => "query_token",
        Auth::Scheme { name, .. } => Way::named(name).map_or("unknown", |(name, _)| name),
    }
}

/// See [`crate::auth`].
pub(crate) fn auth(name: &str) -> Option<Auth> {
    match name {
        "none" => return Some(Auth::None),
        "bearer" => return Some(Auth::Bearer),
        "basic" => return Some(Auth::Basic),
        _ => {}
    }
    Way::named(name).map(|(name, _)| match name {
        name if name == GITHUB.name => Auth::GithubHmacSha256,
        name if name == STANDARD_WEBHOOKS.name => Auth::StandardWebhooks,
        name => Auth::scheme(name),
    })
}

/// See [`crate::schemes`].
pub(crate) fn schemes() -> impl Iterator<Item = &'static str> {
    let rules = [GITHUB.name, STANDARD_WEBHOOKS.name].into_iter().chain(RULES.iter().map(|rule| rule.name));
    ["none", "bearer", "basic"].into_iter().chain(rules).chain(TOKENS.iter().map(|named| named.name)).chain([GRAPH])
}

/// See [`crate::knows`].
pub(crate) fn knows(auth: &Auth) -> bool {
    !matches!(Way::of(auth), Way::Unknown)
}

/// See [`crate::signs_time`].
pub(crate) fn signs_time(auth: &Auth) -> bool {
    Way::of(auth).with_rule(|rule| rule.time.is_some()).unwrap_or(false)
}

/// See [`crate::needs_url`].
pub(crate) fn needs_url(auth: &Auth) -> bool {
    Way::of(auth).with_rule(|rule| rule.signs(Piece::Url)).unwrap_or(false)
}

/// See [`crate::sign`].
pub(crate) fn sign(auth: &Auth, secret: &[u8], request: &Request<'_>, now: Timestamp) -> Vec<(String, String)> {
    let way = Way::of(auth);
    way.with_rule(|rule| check::sign(rule, secret, request, now))
        .or_else(|| way.with_places(|places| token::sign(places, secret).into_iter().collect()))
        .unwrap_or_default()
}

/// See [`crate::proof_headers`].
pub(crate) fn proof_headers(auth: &Auth) -> Vec<String> {
    let way = Way::of(auth);
    way.with_rule(|rule| rule.headers.iter().map(|family| family.signature.to_owned()).collect())
        .or_else(|| way.with_places(|places| places.iter().filter_map(Place::header).map(str::to_owned).collect()))
        .unwrap_or_default()
}
