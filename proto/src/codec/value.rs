//! Enumerated fields: numbers on the wire, names in meaning. 0 is never written.

use hookwheel_core::agent::EffectClass;
use hookwheel_core::delivery::NoticeKind;
use hookwheel_core::journal::{ModelFailure, RunOutcome, ToolStatus};

use super::Fault;
use crate::wire;

/// A closed set with a number for each member.
pub trait Value: Sized {
    /// Its number.
    fn number(self) -> i32;
    /// The member of this number; `field` is for the error.
    fn read(field: &'static str, number: i32) -> Result<Self, Fault>;
}

macro_rules! value {
    ($name:ident: $($member:ident),+) => {
        impl Value for $name {
            fn number(self) -> i32 {
                match self {
                    $(Self::$member => wire::$name::$member.into(),)+
                }
            }

            fn read(field: &'static str, number: i32) -> Result<Self, Fault> {
                match wire::$name::try_from(number) {
                    Ok(wire::$name::Unspecified) => Err(Fault::Missing(field)),
                    $(Ok(wire::$name::$member) => Ok(Self::$member),)+
                    Err(_) => Err(Fault::UnknownValue { field, value: number }),
                }
            }
        }
    };
}

value!(NoticeKind: Duplicate, Rejected, Handshake);
value!(ModelFailure: Retryable, RateLimited, Permanent, ContextOverflow);
value!(EffectClass: Read, Idempotent, Effect);
value!(ToolStatus: Ok, ToolError, Timeout);
value!(RunOutcome: Completed, Failed, Cancelled, TimedOut, BudgetExceeded, MaxTurns, NeedsOperator);
