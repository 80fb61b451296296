//! The operator's own scheme, as a rule.

use hookwheel_core::webhook::HmacScheme;

use super::rule::{Family, KeyRule, Piece, Rule, Spelling, Time, TimeFrom, pieces};
use super::table::HEX;

const OVER_BODY: &str = "{body}";

/// A generic scheme, made ready once.
pub(super) struct Custom {
    wanted: HmacScheme,
}

impl Custom {
    /// `None` when the body is not part of what is signed: then anyone could put another one under an old signature.
    pub(super) fn new(wanted: &HmacScheme) -> Option<Self> {
        let mut wanted = wanted.clone();
        wanted.header.make_ascii_lowercase();
        if let Some(name) = &mut wanted.id_header {
            name.make_ascii_lowercase();
        }
        if let Some(time) = &mut wanted.time {
            time.header.make_ascii_lowercase();
        }
        let signs_body = pieces(wanted.template.as_deref().unwrap_or(OVER_BODY)).any(|piece| piece == Piece::Body);
        signs_body.then_some(Self { wanted })
    }

    /// Does something with the rule.
    pub(super) fn with<T>(&self, act: impl FnOnce(&Rule<'_>) -> T) -> T {
        let wanted = &self.wanted;
        let time = wanted.time.as_ref();
        let family = Family {
            signature: &wanted.header,
            id: wanted.id_header.as_deref(),
            time: time.map(|time| time.header.as_str()),
        };
        act(&Rule {
            name: "hmac",
            headers: &[family],
            spelling: Spelling::After(&wanted.prefix),
            encoding: wanted.encoding,
            key: KeyRule::Mac(wanted.hash, wanted.key),
            template: wanted.template.as_deref().unwrap_or(OVER_BODY),
            time: time.map(|time| Time { from: TimeFrom::Header, unit: time.unit, tolerance: time.tolerance }),
            ..HEX
        })
    }
}
