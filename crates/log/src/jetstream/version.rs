//! Which brokers will do.

use crate::LogError;

/// The oldest broker that keeps what we promise (T1).
const LEAST: [u64; 3] = [2, 14, 5];

/// Refuses a server that is too old.
pub(super) fn check(version: &str) -> Result<(), LogError> {
    if parse(version).is_some_and(|found| found >= LEAST) {
        return Ok(());
    }
    let least = LEAST.map(|n| n.to_string()).join(".");
    Err(LogError::Unfit(format!("the broker is nats-server {version}; install {least} or later (2.15.1 is tested)")))
}

fn parse(version: &str) -> Option<[u64; 3]> {
    let plain = version.split(['-', '+']).next()?;
    let mut parts = plain.split('.').map(str::parse);
    let mut next = || parts.next()?.ok();
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn an_old_server_is_refused_with_the_remedy() {
        assert!(check("2.15.1").is_ok() && check("2.14.5").is_ok() && check("3.0.0-beta.1").is_ok());
        for old in ["2.14.4", "2.9.10", "1.99.99", "nonsense", ""] {
            assert!(check(old).unwrap_err().to_string().contains("install 2.14.5 or later"), "{old}");
        }
    }
}
