//! Trigger fields: what an event is about in the provider's own terms, as exact lists.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::seen::{Seen, quoted, show};
use super::verdict::{Clause, Outcome};

/// A field an event may have values of. Which source has which, and where, is written down in `sources`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerField {
    /// Repositories, such as `octo/hello`.
    Repos,
    /// Who owns the repository: what stands before the first `/`.
    Orgs,
    /// What happened to the thing, such as `opened`.
    Actions,
    /// The labels the thing has; one in common is enough.
    Labels,
    /// Whom it is assigned to.
    Assignee,
    /// Who wrote it; not who acted on it now.
    Author,
    /// The branch; of a pull request its head. Events without a branch pass.
    Branches,
    /// How a check ended. Events without a conclusion pass.
    Conclusions,
    /// The kind of thing.
    Resources,
    /// The sender's account or workspace.
    Organizations,
    /// The project.
    Projects,
    /// Discord's servers.
    Guilds,
    /// The channel.
    Channels,
    /// The command that was given. Events that are no command pass.
    Commands,
}

/// What an event has in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute<'a> {
    /// These values, maybe none.
    Values(Vec<Cow<'a, str>>),
    /// The field says nothing about events of this kind.
    NotApplicable,
}

impl TriggerField {
    /// Every field, in the order they are asked.
    pub const ALL: [Self; 14] = [
        Self::Repos,
        Self::Orgs,
        Self::Actions,
        Self::Labels,
        Self::Assignee,
        Self::Author,
        Self::Branches,
        Self::Conclusions,
        Self::Resources,
        Self::Organizations,
        Self::Projects,
        Self::Guilds,
        Self::Channels,
        Self::Commands,
    ];

    /// Its name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Repos => "repos",
            Self::Orgs => "orgs",
            Self::Actions => "actions",
            Self::Labels => "labels",
            Self::Assignee => "assignee",
            Self::Author => "author",
            Self::Branches => "branches",
            Self::Conclusions => "conclusions",
            Self::Resources => "resources",
            Self::Organizations => "organizations",
            Self::Projects => "projects",
            Self::Guilds => "guilds",
            Self::Channels => "channels",
            Self::Commands => "commands",
        }
    }

    /// Whether the event has one of the wanted values: exact and case-sensitive, no patterns.
    pub(super) fn clause(self, wanted: &[String], found: Attribute<'_>) -> Clause {
        let rule = format!("{self} one of {}", listed(wanted));
        match found {
            Attribute::NotApplicable => Clause::new(rule, Outcome::Passed).noting("does not apply to this event"),
            Attribute::Values(values) if values.is_empty() => {
                Clause::new(rule, Outcome::Failed).noting("the event has none")
            }
            Attribute::Values(values) => {
                let holds = values.iter().any(|value| wanted.iter().any(|one| one == value));
                let seen: Vec<_> = values.into_iter().map(Seen::Text).collect();
                Clause::new(rule, Outcome::of(holds)).seeing(show(&seen, false))
            }
        }
    }
}

impl fmt::Display for TriggerField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The first few of a list, for people.
pub(super) fn listed(wanted: &[String]) -> String {
    const MOST: usize = 5;
    let mut texts: Vec<_> = wanted.iter().take(MOST).map(|one| quoted(one)).collect();
    if wanted.len() > MOST {
        texts.push(format!("and {} more", wanted.len() - MOST));
    }
    texts.join(", ")
}
