//! Every target, briefly: the same inputs each time.

use std::sync::Mutex;
use std::time::Duration;

use hookwheel_fuzz::drive::{self, Limits};
use hookwheel_fuzz::{Target, targets};

/// Divided by a target's weight.
const EXECUTIONS: u64 = 20_000;

fn briefly(name: &str) {
    let target: &Target = targets::named(name).expect("every target is in the list");
    let limits = Limits { executions: EXECUTIONS / target.weight, time: Duration::MAX, seed: 1 };
    let walk = drive::run(target, limits, &Mutex::default()).unwrap_or_else(|finding| panic!("{finding}"));
    assert_eq!(walk.executions, limits.executions);
    assert!(walk.learned > 3, "{name} learned {} things", walk.learned);
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test] fn $name() { briefly(stringify!($name)); })*

        #[test]
        fn every_target_is_here() {
            let here = [$(stringify!($name)),*];
            assert_eq!(targets::ALL.iter().map(|target| target.name).collect::<Vec<_>>(), here);
        }
    };
}

targets! { json forms verify signed profiles filters records handshakes subjects framing terminal config }
