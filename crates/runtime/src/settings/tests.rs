//! A whole file of mistakes gives each its place and remedy, and a sound file gives its values.

use std::net::SocketAddr;
use std::time::Duration;

use super::*;

const DAY: Duration = Duration::from_secs(86_400);

type Everything = (Option<SocketAddr>, Duration, u64, u64, bool, f64, &'static str, Vec<String>, Vec<String>);

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Everything, Vec<String>> {
    let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let reader = Reader::parse("wheel.toml", text, variables).map_err(|mistake| vec![mistake.to_string()])?;
    let value = {
        let root = reader.root();
        let server = root.table("server");
        let routes = root.tables("routes");
        (
            server.parsed("listen", "an address and port"),
            server.duration("drain", DAY, Duration::from_secs(1)..=DAY),
            server.size("max-body", 1024, 1..=1 << 20),
            server.u64("workers", 4, 1..=64),
            server.bool("quiet", false),
            server.ratio("sample", 1.0),
            server.choice("profile", "dev", &[("development", "dev"), ("production", "prod")]),
            server.list("allow"),
            routes.iter().filter_map(|route| route.required_str("name", "\"triage\"")).collect(),
        )
    };
    reader.finish(value).map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

#[test]
fn a_sound_file_gives_its_values() {
    let text = r#"
        [server]
        listen = "127.0.0.1:80"
        drain = "1m30s"
        max-body = "512KiB"
        workers = 8
        quiet = true
        sample = 0.25
        profile = "production"
        allow = ["push", "issues"]

        [[routes]]
        name = "one"
        [[routes]]
        name = "two"
    "#;
    let (listen, drain, body, workers, quiet, sample, profile, allow, routes) = read(text, &[]).unwrap();
    assert_eq!(listen, Some(SocketAddr::from(([127, 0, 0, 1], 80))));
    assert_eq!((drain, body, workers, quiet, profile), (Duration::from_secs(90), 512 << 10, 8, true, "prod"));
    assert!((sample - 0.25).abs() < f64::EPSILON);
    assert_eq!((allow.join(" "), routes.join(" ")), ("push issues".into(), "one two".into()));
    assert_eq!(read("", &[]).unwrap().3, 4, "an empty file gives the defaults");
    assert_eq!(read("routes = [{ name = \"a\" }]", &[]).unwrap().8, ["a"]);
}

#[test]
fn every_mistake_is_reported_with_its_place_and_remedy() {
    let text = "\
sever = 1
[server]
listen = \"nowhere\"
drain = 30
max-body = \"2MiB\"
workers = 0
quiet = \"yes\"
profile = \"prodution\"
allow = [1]
wrokers = 2
[[routes]]
[[routes]]
name = 7
";
    let mistakes = read(text, &[]).unwrap_err();
    let expected = [
        "wheel.toml:1:1: `sever` is not a setting of this file; did you mean `server`?",
        "wheel.toml:3:10: `listen` should be an address and port; write an address and port",
        "wheel.toml:4:9: `drain` should be a duration from 1s to 1d, found a whole number; write it like \"30s\", with ms, s, m, h or d",
        "wheel.toml:5:12: `max-body` should be a size from 1B to 1MiB; write it like \"1MiB\", or as a number of bytes",
        "wheel.toml:6:11: `workers` should be a whole number from 1 to 64; write a whole number from 1 to 64",
        "wheel.toml:7:9: `quiet` should be true or false, found text; write `true` or `false`, without quotes",
        "wheel.toml:8:11: `profile` should be one of \"development\", \"production\"; did you mean `production`?",
        "wheel.toml:9:9: `allow` should be a list of texts; write it like `allow = [\"one\", \"two\"]`",
        "wheel.toml:10:1: `wrokers` is not a setting of [server]; did you mean `workers`?",
        "wheel.toml:11:1: [routes.1] lacks `name`; add `name = \"triage\"`",
        "wheel.toml:13:8: `name` should be text, found a whole number; write it in quotes",
    ];
    assert_eq!(mistakes, expected);
}

#[test]
fn a_variable_stands_above_the_file_and_is_checked_like_it() {
    let text = "[server]\nworkers = 2\nallow = [\"a\"]\n";
    let (.., allow, _) = read(text, &[("HOOKWHEEL_SERVER__ALLOW", "b, c"), ("HOOKWHEEL_LOG", "info")]).unwrap();
    assert_eq!(allow, ["b", "c"]);
    assert_eq!(read(text, &[("HOOKWHEEL_SERVER__MAX_BODY", "2KiB")]).unwrap().2, 2048);

    let wrong = [("HOOKWHEEL_SERVER__WORKERS", "many"), ("HOOKWHEEL_SERVER__LISTN", "x")];
    assert_eq!(
        read(text, &wrong).unwrap_err(),
        [
            "HOOKWHEEL_SERVER__LISTN: this variable names no setting; did you mean `HOOKWHEEL_SERVER__LISTEN`?",
            "HOOKWHEEL_SERVER__WORKERS: `workers` should be a whole number from 1 to 64; write a whole number from 1 to 64",
        ]
    );
}

#[test]
fn text_that_is_not_toml_says_where_it_stops() {
    let mistakes = read("[server]\nlisten = = 1\n", &[]).unwrap_err();
    assert!(mistakes[0].starts_with("wheel.toml:2:10: this is not TOML: "), "{mistakes:?}");
}

#[test]
fn a_value_of_the_wrong_kind_is_never_shown() {
    let reader = Reader::parse("w.toml", "secret = \"hunter2\"\nlisten = \"hunter2\"\n", []).unwrap();
    let root = reader.root();
    assert!(root.opt_table("secret").is_none());
    assert_eq!(root.parsed::<SocketAddr>("listen", "an address"), None);
    drop(root);
    let shown: String = reader.finish(()).unwrap_err().iter().map(ToString::to_string).collect();
    assert!(shown.contains("`secret` should be a table, found text") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn tables_by_name_keep_their_names_and_places() {
    let reader = Reader::parse("w.toml", "[webhooks.one]\nx = 1\n[webhooks.two]\ny = 2\n", []).unwrap();
    let root = reader.root();
    for (name, webhook) in root.each_table("webhooks") {
        webhook.opt_u64("x", 0..=9);
        webhook.mistake("z", format!("{name} lacks `z`"), "add it");
    }
    drop(root);
    let shown: Vec<String> = reader.finish(()).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "w.toml:1:1: one lacks `z`; add it",
            "w.toml:3:1: two lacks `z`; add it",
            "w.toml:4:1: `y` is not a setting of [webhooks.two]; remove it; known here: `x`, `z`",
        ]
    );
}
