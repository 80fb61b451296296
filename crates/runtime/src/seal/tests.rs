//! What is sealed opens in its place under its key, and nowhere else.

use super::*;
use crate::secret::Secret;

const ONE: &str = "0101010101010101010101010101010101010101010101010101010101010101";
const TWO: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
const PLACE: Binding<'static> = Binding { tenant: "default", owner: "wh_1", field: "secret", version: 3 };

fn keys(text: &str) -> Keyring {
    Keyring::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_secret_is_opened_byte_for_byte_and_never_shows() {
    for value in [&b"a secret\r\n "[..], b"\0\xff", &[7; 5_000]] {
        let sealed = keys(ONE).seal(&Secret::new(value), &PLACE).unwrap();
        assert_eq!(keys(ONE).open(&sealed, &PLACE).unwrap().expose(), value);
        assert_ne!(sealed, keys(ONE).seal(&Secret::new(value), &PLACE).unwrap(), "every seal is another");
    }
    assert!(!format!("{:?}", keys(ONE)).contains("0101"));
}

#[test]
fn another_place_another_key_or_a_changed_byte_opens_nothing() {
    let ring = keys(ONE);
    let sealed = ring.seal(&Secret::new(*b"a secret of sixteen"), &PLACE).unwrap();
    for elsewhere in [
        Binding { tenant: "other", ..PLACE },
        Binding { owner: "wh_2", ..PLACE },
        Binding { field: "other", ..PLACE },
        Binding { version: 4, ..PLACE },
        Binding { owner: "wh_1secret", field: "", ..PLACE },
    ] {
        assert_eq!(ring.open(&sealed, &elsewhere).unwrap_err(), SealError::Forged, "{elsewhere:?}");
    }
    assert!(matches!(keys(TWO).open(&sealed, &PLACE), Err(SealError::UnknownKey(_))));
    for at in 0..sealed.len() {
        let mut bytes = sealed.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert!(ring.open(&String::from_utf8(bytes).unwrap(), &PLACE).is_err(), "byte {at}");
    }
    for broken in ["", "hws1", "hws1...", "hws2.a.b.c", &sealed[..sealed.len() - 4], &format!("{sealed}.x")] {
        assert!(ring.open(broken, &PLACE).is_err(), "{broken}");
    }
}

#[test]
fn a_new_master_key_takes_over_without_touching_the_value() {
    let sealed = keys(ONE).seal(&Secret::new(*b"value"), &PLACE).unwrap();
    let both = keys(&format!("# new\n{TWO}\n\n{ONE}\n"));
    assert_eq!(both.open(&sealed, &PLACE).unwrap().expose(), b"value", "old ones still open");
    let again = both.seal_again(&sealed, &PLACE).unwrap().unwrap();
    assert_eq!(again.rsplit('.').next(), sealed.rsplit('.').next(), "only the data key is sealed again");
    assert_eq!(keys(TWO).open(&again, &PLACE).unwrap().expose(), b"value");
    assert_eq!(both.seal_again(&again, &PLACE).unwrap(), None);
    let other = Binding { version: 9, ..PLACE };
    assert_eq!(both.seal_again(&sealed, &other).unwrap_err(), SealError::Forged);
}

#[test]
fn fingerprints_tell_values_apart_and_depend_on_the_key() {
    let (one, two) = (Secret::new(*b"one"), Secret::new(*b"two"));
    assert_eq!(keys(ONE).fingerprint(&one), keys(ONE).fingerprint(&one));
    assert_ne!(keys(ONE).fingerprint(&one), keys(ONE).fingerprint(&two));
    assert_ne!(keys(ONE).fingerprint(&one), keys(TWO).fingerprint(&one));
    assert_eq!(keys(ONE).fingerprint(&one).len(), 12);
}

#[test]
fn what_is_no_key_is_named_by_its_line_only() {
    assert_eq!(Keyring::parse(b"\n# nothing\n").unwrap_err(), BadKeys::None);
    for bad in ["hunter2", &ONE[..62], &format!("zz{}", &ONE[2..]), &TWO[4..]] {
        let mistake = Keyring::parse(format!("{ONE}\n{bad}").as_bytes()).unwrap_err();
        assert_eq!(mistake, BadKeys::Malformed(2), "{bad}");
        assert!(!mistake.to_string().contains(bad));
    }
}

#[test]
fn keys_come_from_a_file_or_a_command_and_failures_name_the_place() {
    let words = |words: &[&str]| KeySource::Command(words.iter().map(|&word| word.to_owned()).collect());
    let ring = words(&["echo", ONE]).read().unwrap();
    let sealed = keys(ONE).seal(&Secret::new(*b"v"), &PLACE).unwrap();
    assert!(ring.open(&sealed, &PLACE).is_ok());
    for (source, said) in [
        (words(&["false", "password"]), "exit status: 1"),
        (words(&["/nowhere/program"]), "cannot be started"),
        (words(&["echo", "hunter2"]), "line 1 is not a key"),
        (KeySource::File("/nowhere/key".into()), "/nowhere/key"),
        (KeySource::Env("HOOKWHEEL_TEST_NOT_SET".into()), "HOOKWHEEL_TEST_NOT_SET"),
    ] {
        let error = source.read().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(!error.contains("hunter2") && !error.contains("password"), "{error}");
    }
}
