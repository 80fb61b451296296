//! `cargo xtask proto`: Rust from the record schema, so that building needs neither protoc nor a build script.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use prost_build::{Config, Module};

const HEADER: &str = "//! Generated from `proto/schema` by `cargo xtask proto`; change the schema, not this file.\n\n";
const FILES: &[&str] = &["delivery", "event", "journal"];

#[derive(clap::Args)]
pub struct Args {
    /// Change nothing; fail if the checked-in code is not what the schema says
    #[arg(long)]
    pub check: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let (path, code) = (generated(), generate()?);
    if args.check {
        let present = std::fs::read_to_string(&path).unwrap_or_default();
        ensure!(present == code, "{} is not what the schema says; run `cargo xtask proto`", path.display());
    } else {
        std::fs::write(&path, code).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(())
}

fn generate() -> anyhow::Result<String> {
    let schema = proto().join("schema");
    let files = FILES.iter().map(|name| schema.join(format!("hookwheel/v1/{name}.proto")));
    let compiled = protox::compile(files, [&schema])?;
    let modules = compiled.file.into_iter().map(|file| (Module::from_protobuf_package_name(file.package()), file));
    let code = Config::new()
        // The one field worth sharing instead of copying: a body is up to half a mebibyte.
        .bytes([
            ".hookwheel.v1.DeliveryReceived.inline",
            ".hookwheel.v1.ModelTurn.opaque",
            ".hookwheel.v1.RunEntry.body",
        ])
        .generate(modules.collect())?;
    Ok(code.into_values().fold(HEADER.to_owned(), |all, module| all + &module))
}

fn generated() -> PathBuf {
    proto().join("src/gen/v1.rs")
}

fn proto() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_code_is_what_the_schema_says() {
        run(&Args { check: true }).unwrap();
    }

    #[test]
    fn every_schema_file_is_compiled() {
        let mut present: Vec<_> = std::fs::read_dir(proto().join("schema/hookwheel/v1"))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        present.sort();
        assert_eq!(present, FILES);
    }
}
