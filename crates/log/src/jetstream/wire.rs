//! Records on the wire: our names, ids and expectations as the broker's headers, and back.

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;

use crate::{Append, Expect, Headers, LogError};

/// The writer's id of a record.
const ID: HeaderName = HeaderName::from_static("Hw-Log-Id");
/// The names of a record's headers in order, joined by commas, where they are not in the order of the alphabet: the
/// broker's client forgets the order.
const NAMES: &str = "Hw-Log-Names";
/// On what the broker itself stores in place of an expired key.
pub(super) const MARKER: &str = "Nats-Marker-Reason";
const EXPECTED: HeaderName = HeaderName::from_static("Nats-Expected-Last-Subject-Sequence");
const MESSAGE_ID: HeaderName = HeaderName::from_static("Nats-Msg-Id");

/// Room that is kept for what we and the broker add to a record.
const RESERVE: usize = 1024;

/// A record ready to be sent, any number of times.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub subject: async_nats::Subject,
    pub id: String,
    pub headers: Headers,
    /// What the broker is to do with the record beyond storing it, such as letting it expire.
    pub orders: Vec<(&'static str, String)>,
    pub payload: Bytes,
    pub expect: Expect,
}

impl Wire {
    /// Checks a caller's record: its names, its id and that it fits into `max_payload` bytes.
    pub fn checked(record: Append, max_payload: usize) -> Result<Self, LogError> {
        record.check(max_payload.saturating_sub(RESERVE))?;
        Ok(Self::own(record))
    }

    /// The log's own records may use reserved names.
    pub fn own(record: Append) -> Self {
        let Append { subject, id, headers, payload, expect } = record;
        Self { subject: subject.as_str().to_owned().into(), id, headers, orders: Vec::new(), payload, expect }
    }

    /// Whether the record fits into the broker's largest message.
    pub fn check_size(&self, max_payload: usize) -> Result<(), LogError> {
        let (size, limit) = (self.size(), max_payload.saturating_sub(RESERVE));
        if size > limit { Err(LogError::TooLarge { size, limit }) } else { Ok(()) }
    }

    /// Bytes of subject, headers and payload.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| 2 * name.len() + value.len() + 5).sum();
        self.subject.len() + self.id.len() + headers + self.payload.len()
    }

    /// The headers of one try.
    pub fn header_map(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        map.insert(ID, self.id.as_str());
        match self.expect {
            // Only records without an expectation need the broker's own memory of ids: for the others the subject's
            // last record tells a repeat, for ever, and at no cost.
            // The subject belongs to the name it remembers: another subject's record is never taken for this one.
            Expect::Anything => map.insert(MESSAGE_ID, format!("{}/{}", self.subject, self.id)),
            Expect::Empty => map.insert(EXPECTED, HeaderValue::from(0_u64)),
            Expect::Last(seq) => map.insert(EXPECTED, HeaderValue::from(seq)),
        }
        for (name, value) in &self.orders {
            map.insert(*name, value.as_str());
        }
        for (name, value) in &self.headers {
            map.append(name.as_str(), value.as_str());
        }
        if !self.headers.is_sorted_by(|(one, _), (next, _)| one < next) {
            let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
            map.insert(NAMES, names.join(","));
        }
        map
    }
}

/// A stored record's id and headers, from all the headers the broker hands out.
pub(super) fn taken_apart(mut all: Headers) -> (String, Headers) {
    let mut take = |wanted: &str| {
        let at = all.iter().position(|(name, _)| name == wanted)?;
        Some(all.remove(at).1)
    };
    let (id, names) = (take("Hw-Log-Id").unwrap_or_default(), take(NAMES));
    all.retain(|(name, _)| !name.starts_with("Nats-") || name == MARKER);
    let Some(names) = names else {
        all.sort();
        return (id, all);
    };
    let ordered = names.split(',').filter_map(|wanted| {
        let at = all.iter().position(|(name, _)| name == wanted)?;
        Some(all.remove(at))
    });
    (id, ordered.collect())
}

/// The pairs of a header map, values of one name in order.
pub(super) fn pairs(map: &HeaderMap) -> Headers {
    map.iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name.to_string(), value.to_string())))
        .collect()
}

/// The pairs of a header block as bytes, such as `NATS/1.0\r\nA: b\r\n\r\n`.
pub(super) fn parsed(block: &[u8]) -> Headers {
    let text = String::from_utf8_lossy(block);
    let lines = text.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;

    fn record(headers: &[(&str, &str)]) -> Append {
        Append {
            subject: Subject::new("a.b").unwrap(),
            id: "id-1".into(),
            headers: headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
            payload: Bytes::from_static(b"body"),
            expect: Expect::Empty,
        }
    }

    #[test]
    fn headers_come_back_in_order_with_repeats() {
        let sent = record(&[("z", "1"), ("a", "2"), ("z", "3"), ("Kind", "ü \"q\"")]);
        let wire = Wire::checked(sent.clone(), 1 << 20).unwrap();
        let (id, headers) = taken_apart(pairs(&wire.header_map()));
        assert_eq!((id.as_str(), headers), ("id-1", sent.headers));
    }

    #[test]
    fn headers_in_the_order_of_the_alphabet_need_no_list_of_their_names() {
        let sent = record(&[("A", "1"), ("Kind", "2"), ("a", "3"), ("z", "4")]);
        let map = Wire::checked(sent.clone(), 1 << 20).unwrap().header_map();
        assert!(map.get(NAMES).is_none());
        assert_eq!(taken_apart(pairs(&map)).1, sent.headers);
    }

    #[test]
    fn a_header_block_is_read_like_a_header_map() {
        let block = b"NATS/1.0\r\nHw-Log-Id: x\r\nNats-Batch-Id: b\r\nkind: a: b\r\n\r\n";
        assert_eq!(taken_apart(parsed(block)), ("x".into(), vec![("kind".into(), "a: b".into())]));
    }

    #[test]
    fn a_repeat_is_told_by_the_expectation_where_there_is_one() {
        let wire = |expect| Wire::checked(Append { expect, ..record(&[]) }, 1 << 20).unwrap().header_map();
        assert!(wire(Expect::Empty).get(MESSAGE_ID).is_none());
        assert_eq!(wire(Expect::Last(7)).get(EXPECTED).map(HeaderValue::as_str), Some("7"));
        assert_eq!(wire(Expect::Anything).get(MESSAGE_ID).map(HeaderValue::as_str), Some("a.b/id-1"));
    }

    #[test]
    fn what_the_broker_could_not_carry_is_refused() {
        let refused = |record| Wire::checked(record, 4096).unwrap_err();
        for bad in [("Nats-TTL", "1"), ("hw-log-id", "x"), ("a,b", "x"), ("", "x"), ("a", "x\ny"), ("a", " x")] {
            assert!(matches!(refused(record(&[bad])), LogError::Invalid { .. }), "{bad:?}");
        }
        assert!(matches!(refused(Append { id: "a b".into(), ..record(&[]) }), LogError::Invalid { .. }));
        let large = Append { payload: vec![0; 4000].into(), ..record(&[]) };
        assert!(matches!(refused(large), LogError::TooLarge { limit: 3072, .. }));
    }
}
