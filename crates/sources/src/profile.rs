//! The kit: a provider as a description. One file that says what to read where, one line in the registry, one fixtures folder.
//!
//! ```ignore
//! pub(crate) static ACME: Profile = Profile {
//!     name: "acme",
//!     auth: || Auth::scheme("acme"),
//!     ids: &[Id::Header("x-acme-delivery"), Id::Body("event.id")],
//!     event_type: |d| event_type(&[d.scalar("kind").as_deref(), d.scalar("action").as_deref()]),
//!     entity: |d| d.entity(&["{shop}:order:{order.id}", "{shop}"]),
//!     identity: &["kind", "shop", "order.id"],
//!     actor: &["user.name", "user.id"],
//!     facts: &[short("order", &["order.id"]), names("tags", &["order.tags"], ""), text("note", &["order.note"])],
//!     sample: |seed| sample(&[("x-acme-delivery", &format!("{seed}"))], json!({ "kind": "order" })),
//!     ..Profile::BLANK
//! };
//! ```
//!
//! A batch provider also sets `split`; everything but `ids` then looks at one item. Who needs more writes a
//! [`Source`] of its own from the same parts: [`Delivery`], [`facts`], [`admit`].

use std::borrow::Cow;
use std::time::Duration;

use hookwheel_core::EntityKey;
use hookwheel_core::event::Event;
use hookwheel_core::webhook::{Auth, Webhook};

use crate::delivery::Delivery;
use crate::facts::{self, Fact};
use crate::handshake::{Answer, Desk, Greeting};
use crate::json::Json;
use crate::summary::{SHORT, cut};
use crate::{BadBody, Headers, Request, Source, admit};

/// A provider's description.
pub(crate) struct Profile {
    /// See [`Source::name`]; also the first part of its entity keys.
    pub(crate) name: &'static str,
    /// See [`Source::default_auth`].
    pub(crate) auth: fn() -> Auth,
    /// Whether its senders may post a form whose `payload` is the JSON.
    pub(crate) forms: bool,
    /// Whether they may post any other form too: it is then read as an object of strings.
    pub(crate) plain_forms: bool,
    /// Where the delivery's id is, in order; without one the body's hash is the key.
    pub(crate) ids: &'static [Id],
    /// See [`Source::repeats_after`].
    pub(crate) repeats_after: Option<Duration>,
    /// Made with [`event_type`](crate::delivery::event_type).
    pub(crate) event_type: fn(&Delivery<'_>) -> Option<String>,
    /// Made with [`Delivery::entity`].
    pub(crate) entity: fn(&Delivery<'_>) -> Option<EntityKey>,
    /// Paths on which type, entity or key hang, of an item or of the whole; a body with one of their names twice is
    /// refused.
    pub(crate) identity: &'static [&'static str],
    /// Whether what the unsigned headers say fits the body; a body under another event's name is refused.
    pub(crate) fits: fn(&Delivery<'_>) -> bool,
    /// Where who did it is named, first found first taken.
    pub(crate) actor: &'static [&'static str],
    /// The summary.
    pub(crate) facts: &'static [Fact],
    /// The items of a batch, in order. The body may then be an array.
    pub(crate) split: Option<for<'a> fn(Json<'a>) -> Vec<Json<'a>>>,
    /// See [`Source::event_types`].
    pub(crate) event_types: &'static [&'static str],
    /// Event types that only say that the provider has found us.
    pub(crate) handshakes: &'static [&'static str],
    /// See [`Source::greet`].
    pub(crate) greet: fn(&Desk<'_>, &Request<'_>) -> Option<Greeting>,
    /// See [`Source::answer`].
    pub(crate) answer: fn(&Desk<'_>, Option<u32>, &Request<'_>) -> Option<Answer>,
    /// See [`Source::credential_headers`].
    pub(crate) credentials: &'static [&'static str],
    /// See [`Source::sample`].
    pub(crate) sample: fn(u64) -> Sample,
}

/// Headers and body of a typical delivery.
pub(crate) type Sample = (Vec<(String, String)>, Vec<u8>);

/// Where a delivery's id is.
pub(crate) enum Id {
    /// A header, lower-case.
    Header(&'static str),
    /// A path in the body.
    Body(&'static str),
    /// Made from several facts of the whole body.
    Made(fn(&Delivery<'_>) -> Option<String>),
}

impl Profile {
    /// What most providers have: nothing special. Also says what a description may leave out.
    pub(crate) const BLANK: Self = Self {
        name: "",
        auth: || Auth::None,
        forms: false,
        plain_forms: false,
        ids: &[],
        repeats_after: None,
        event_type: |_| None,
        entity: |_| None,
        identity: &[],
        fits: |_| true,
        actor: &[],
        facts: &[],
        split: None,
        event_types: &[],
        handshakes: &[],
        greet: |_, _| None,
        answer: |_, _, _| None,
        credentials: &[],
        sample: |_| (Vec::new(), Vec::new()),
    };

    fn text<'a>(&self, request: &Request<'a>) -> Result<Cow<'a, [u8]>, BadBody> {
        if self.plain_forms { admit::text_of_any_form(request) } else { admit::text(request, self.forms) }
    }

    fn document<'a>(&self, text: &'a [u8]) -> Result<Json<'a>, BadBody> {
        let json = admit::document(text)?;
        let batch = self.split.is_some() && json.is_array();
        if json.is_object() || batch { Ok(json) } else { Err(BadBody::UnexpectedShape) }
    }

    /// The batch's items; the whole body when it is none, or an empty one.
    fn items<'a>(&self, headers: &'a Headers, body: Json<'a>) -> Vec<Delivery<'a>> {
        let items = self.split.map(|split| split(body)).filter(|items| !items.is_empty());
        let items = items.unwrap_or_else(|| vec![body]);
        items.into_iter().map(|item| Delivery::item(self.name, headers, body, item)).collect()
    }

    fn event(&self, delivery: &Delivery<'_>) -> Event {
        Event {
            event_type: (self.event_type)(delivery),
            entity: (self.entity)(delivery),
            actor: delivery.first(self.actor).map(|name| cut(&name, SHORT)),
            summary: facts::gather(self.facts, |path| delivery.at(path)),
        }
    }
}

impl Id {
    fn of(&self, request: &Request<'_>, delivery: &Delivery<'_>) -> Result<Option<String>, BadBody> {
        let made = match self {
            Self::Header(name) => return admit::id_header(request, name),
            Self::Body(path) => {
                delivery.unambiguous(path)?;
                delivery.scalar(path).map(|id| id.into_owned())
            }
            Self::Made(make) => make(delivery),
        };
        made.map_or(Ok(None), |id| admit::id(id.as_bytes()))
    }
}

impl Source for Profile {
    fn name(&self) -> &'static str {
        self.name
    }

    fn default_auth(&self) -> Auth {
        (self.auth)()
    }

    fn admit(&self, _webhook: &Webhook, request: &Request<'_>) -> Result<String, BadBody> {
        let text = self.text(request)?;
        let body = self.document(&text)?;
        for item in self.items(request.headers, body) {
            self.identity.iter().try_for_each(|path| item.unambiguous(path))?;
            if !(self.fits)(&item) {
                return Err(BadBody::EventMismatch);
            }
        }
        let whole = Delivery::whole(self.name, request.headers, body);
        if self.split.is_some() {
            self.identity.iter().try_for_each(|path| whole.unambiguous(path))?;
        }
        for id in self.ids {
            if let Some(id) = id.of(request, &whole)? {
                return Ok(id);
            }
        }
        Ok(admit::body_key(request.body))
    }

    fn repeats_after(&self) -> Option<Duration> {
        self.repeats_after
    }

    fn describe(&self, webhook: &Webhook, request: &Request<'_>) -> Event {
        self.events(webhook, request).into_iter().next().unwrap_or_default()
    }

    fn events(&self, _webhook: &Webhook, request: &Request<'_>) -> Vec<Event> {
        let Ok(text) = self.text(request) else { return vec![Event::default()] };
        let Ok(body) = self.document(&text) else { return vec![Event::default()] };
        self.items(request.headers, body).iter().map(|item| self.event(item)).collect()
    }

    fn event_types(&self) -> &'static [&'static str] {
        self.event_types
    }

    fn is_handshake(&self, event: &Event) -> bool {
        event.event_type.as_deref().is_some_and(|name| self.handshakes.contains(&name))
    }

    fn greet(&self, desk: &Desk<'_>, request: &Request<'_>) -> Option<Greeting> {
        (self.greet)(desk, request)
    }

    fn answer(&self, desk: &Desk<'_>, secret: Option<u32>, request: &Request<'_>) -> Option<Answer> {
        (self.answer)(desk, secret, request)
    }

    fn credential_headers(&self) -> &'static [&'static str] {
        self.credentials
    }

    fn sample(&self, seed: u64) -> Sample {
        (self.sample)(seed)
    }
}

/// A sample: these headers beside `content-type: application/json`, and this body.
pub(crate) fn sample(headers: &[(&str, &str)], body: serde_json::Value) -> Sample {
    let json = [("content-type", "application/json")];
    let headers = json.iter().chain(headers).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    (headers, serde_json::to_vec(&body).unwrap_or_default())
}
