//! Values of a body as a filter sees them, and how they are shown.

use std::borrow::Cow;

/// So much of a value is shown, characters.
const SHOWN: usize = 80;
/// So many values of one clause are shown.
const MOST_SHOWN: usize = 5;
/// A name that ends in one of these holds a credential.
const CREDENTIALS: [&str; 10] = [
    "token",
    "secret",
    "password",
    "passwd",
    "authorization",
    "signature",
    "api_key",
    "apikey",
    "private_key",
    "cookie",
];
/// How tokens of well-known issuers begin.
const TOKENS: [&str; 16] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "sk-",
    "sk_",
    "rk_live_",
    "whsec_",
    "eyJ",
];
const HIDDEN: &str = "***";

/// One value of a body. Numbers stay the text they are, so that none loses a digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// As written.
    Number(Cow<'a, str>),
    /// Unescaped.
    Text(Cow<'a, str>),
    /// A list's items.
    List(Vec<Seen<'a>>),
    /// Some object; what is in it has places of its own.
    Object,
}

impl Seen<'_> {
    /// What it is, for errors.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Object => "an object",
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(digits) => cut(digits, SHOWN),
            Self::Text(text) => quoted(text),
            Self::List(items) => cut(&format!("[{}]", show(items, false).join(", ")), SHOWN),
            Self::Object => "{..}".to_owned(),
        }
    }
}

/// Values for people: the first few, cut; hidden when the place they come from holds a credential.
pub(super) fn show(values: &[Seen<'_>], hidden: bool) -> Vec<String> {
    if hidden && !values.is_empty() {
        return vec![HIDDEN.to_owned()];
    }
    let mut shown: Vec<_> = values.iter().take(MOST_SHOWN).map(Seen::shown).collect();
    if values.len() > MOST_SHOWN {
        shown.push(format!("and {} more", values.len() - MOST_SHOWN));
    }
    shown
}

/// A text in quotes, cut, control characters escaped; what looks like a token is hidden.
pub(super) fn quoted(text: &str) -> String {
    if holds_token(text) { HIDDEN.to_owned() } else { format!("{:?}", cut(text, SHOWN)) }
}

/// The text's first characters, and a mark where something is missing.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

/// Whether a value of this name is a credential, whatever it looks like.
pub(super) fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    CREDENTIALS.iter().any(|ending| name.ends_with(ending))
}

fn holds_token(text: &str) -> bool {
    let starts = |word: &str| TOKENS.iter().any(|start| word.starts_with(start)) && word.len() >= 16;
    text.contains("-----BEGIN") || text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).any(starts)
}

/// Numbers are compared as whole numbers where both are, so that no digit is lost, else as fractions.
pub(super) fn compare(one: &str, other: &str) -> Option<std::cmp::Ordering> {
    match (one.parse::<i128>(), other.parse::<i128>()) {
        (Ok(one), Ok(other)) => Some(one.cmp(&other)),
        _ => one.parse::<f64>().ok()?.partial_cmp(&other.parse::<f64>().ok()?),
    }
}
