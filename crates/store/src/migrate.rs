//! Migrations: one list of .sql files per engine, and what can be wrong with the tables they are applied to (S10).

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use crate::StoreError;

/// A released file is never edited: its checksum is in the tables. A change is a new file and a line.
pub(crate) type Files = &'static [(i64, &'static str, &'static str)];

pub(crate) fn migrator(files: Files) -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(files.iter().map(migration).collect())
}

pub(crate) fn failed(error: MigrateError, judge: fn(sqlx::Error) -> StoreError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => judge(error),
        MigrateError::VersionMissing(version) => StoreError::Unfit(format!(
            "the tables have migration {version}, which this release does not know: run the newer release that made them"
        )),
        other => StoreError::Unfit(format!(
            "{other}: drop the tables, run `hookwheel migrate`, then `hookwheel projector rebuild`"
        )),
    }
}
