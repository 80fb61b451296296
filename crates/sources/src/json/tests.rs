//! The scanner against another parser, and the rows of the bad-input table.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

#[test]
fn refuses_what_is_not_json() {
    let open = "[".repeat(1_000_000);
    let bad = [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "// c\n1",
        "NaN",
        "Infinity",
        "'x'",
        "01",
        "1.",
        ".5",
        "+1",
        "1 2",
        "{}{}",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\x\"",
        "\"a\nb\"",
        "{a:1}",
        "{\"a\" 1}",
        "tru",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "]",
        "{]",
        "[}",
        &open,
    ];
    for text in bad {
        assert!(parse(text.as_bytes()).is_none(), "{}", text.chars().take(40).collect::<String>());
    }
    assert!(parse(b"\"\xff\"").is_none(), "invalid UTF-8");
    assert!(parse(b"\xff\xfe{\x00}\x00").is_none(), "UTF-16");
}

#[test]
fn takes_128_levels_and_not_129() {
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(parse(nested(128).as_bytes()).is_some());
    assert!(parse(nested(129).as_bytes()).is_none());
    let inside = |n: usize| parse_object(format!("{{\"a\":{}}}", nested(n)).as_bytes(), |_, _| ());
    assert!(inside(127).is_some() && inside(128).is_none());
}

/// The members that [`parse_object`] hands over, if it takes the document.
fn handed(text: &[u8]) -> Option<Vec<(String, Json<'_>)>> {
    let mut members = Vec::new();
    parse_object(text, |name, value| members.push((name.into_owned(), value)))?;
    Some(members)
}

#[test]
fn keeps_numbers_as_text_and_skips_a_byte_order_mark() {
    let long = "9".repeat(1_000);
    for number in ["1e400", "9223372036854775808", "-0", long.as_str()] {
        let body = format!("\u{feff} {{\"n\": {number} }} ");
        assert_eq!(parse(body.as_bytes()).unwrap().get("n").unwrap().scalar().unwrap(), number);
    }
}

#[test]
fn the_last_of_a_repeated_name_counts_unless_it_must_be_alone() {
    let json = parse(br#"{"a":1,"\u0061":2,"b":{"c":3,"c":4}}"#).unwrap();
    assert_eq!(json.get("a").unwrap().raw(), "2");
    assert_eq!(json.only("a"), Err(Repeated));
    assert_eq!(json.pointer("/b/c"), Err(Repeated));
    assert_eq!(json.path("b.c").unwrap().raw(), "4");
}

#[test]
fn pointers_follow_names_indexes_and_escapes() {
    let json = parse(br#"{"a/b":[10,{"~":"x"}]}"#).unwrap();
    assert_eq!(json.pointer("/a~1b/1/~0").unwrap().unwrap().text().unwrap(), "x");
    assert_eq!(json.pointer("/a~1b/0").unwrap().unwrap().scalar().unwrap(), "10");
    assert_eq!(json.pointer("/a~1b/2"), Ok(None));
    assert_eq!(json.pointer(""), Ok(Some(json)));
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..6).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// The same value, read through our own accessors.
fn rebuilt(json: Json<'_>) -> Value {
    match json.raw().as_bytes()[0] {
        b'{' => Value::Object(json.members().map(|(name, value)| (name.into_owned(), rebuilt(value))).collect()),
        b'[' => json.items().map(rebuilt).collect(),
        b'"' => json.text().unwrap().into_owned().into(),
        _ => serde_json::from_str(json.raw()).unwrap(),
    }
}

proptest! {
    #[test]
    fn reads_what_another_writer_wrote(value in document(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
        prop_assert_eq!(rebuilt(parse(&text).unwrap()), value);
    }

    #[test]
    fn agrees_with_another_parser_on_damaged_text(
        value in document(), at in any::<prop::sample::Index>(), byte in prop::sample::select(b"{}[],:\"\\0e.-u \xff\x00".to_vec()),
    ) {
        let mut text = serde_json::to_vec(&value).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        let theirs = serde_json::from_slice::<Value>(&text);
        let out_of_range = theirs.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
        prop_assume!(!out_of_range);
        prop_assert_eq!(parse(&text).is_some(), theirs.is_ok(), "{}", String::from_utf8_lossy(&text));
        let object = parse(&text).filter(|json| json.is_object());
        let members = object.map(|json| json.members().map(|(name, value)| (name.into_owned(), value)).collect());
        prop_assert_eq!(handed(&text), members);
    }
}
