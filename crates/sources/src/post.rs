//! What tests of profiles say: this body came to that source; what is it?

use hookwheel_core::EntityKey;
use hookwheel_core::event::Event;

use crate::{BadBody, Headers, Request, source};

/// A believed request to a webhook of a source.
pub(crate) struct Post {
    source: &'static str,
    headers: Headers,
    body: Vec<u8>,
}

impl Post {
    pub(crate) fn to(source: &'static str, body: impl AsRef<[u8]>) -> Self {
        Self { source, headers: Headers::default(), body: body.as_ref().to_vec() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.0.push((name.to_ascii_lowercase(), value.as_bytes().to_vec()));
        self
    }

    pub(crate) fn key(&self) -> Result<String, BadBody> {
        source(self.source).unwrap().admit(&crate::tests::webhook(self.source), &self.request())
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        source(self.source).unwrap().events(&crate::tests::webhook(self.source), &self.request())
    }

    /// The delivery as a whole, which is its first event's.
    pub(crate) fn event(&self) -> Event {
        let event = source(self.source).unwrap().describe(&crate::tests::webhook(self.source), &self.request());
        assert_eq!(event, self.events()[0]);
        event
    }

    pub(crate) fn kind(&self) -> Option<String> {
        self.event().event_type
    }

    pub(crate) fn entity(&self) -> Option<String> {
        self.event().entity.map(|entity| entity.as_str().to_owned())
    }

    pub(crate) fn fact(&self, name: &str) -> Option<String> {
        self.event().summary.into_iter().find(|field| field.name == name).map(|field| field.value)
    }

    fn request(&self) -> Request<'_> {
        Request { method: "POST", url: "", headers: &self.headers, body: &self.body }
    }
}

/// Type and entity of each event, for short comparisons.
pub(crate) fn names(events: &[Event]) -> Vec<(&str, &str)> {
    events
        .iter()
        .map(|e| (e.event_type.as_deref().unwrap_or_default(), e.entity.as_ref().map_or("", EntityKey::as_str)))
        .collect()
}
