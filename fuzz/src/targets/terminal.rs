//! Text on its way to a terminal, a log line or a model: nothing that acts, hides or turns is left in it.

use hookwheel::output::{shown, shown_block};
use hookwheel_core::message::clean;
use hookwheel_runtime::telemetry::escaped;

use crate::{Target, trace};

pub(super) const TARGET: Target = Target {
    name: "terminal",
    holds: "no control, no direction mark and nothing invisible comes out, and harmless text stays as it is",
    run,
    seeds,
    weight: 1,
};

/// Characters that act, hide or turn.
fn acts(c: char) -> bool {
    let number = u32::from(c);
    let turns = [0x061c, 0x200e, 0x200f].contains(&number)
        || (0x202a..=0x202e).contains(&number)
        || (0x2066..=0x2069).contains(&number);
    let hides =
        [0x00ad, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff].contains(&number) || (0xe0000..=0xe007f).contains(&number);
    c.is_control() || turns || hides || [0x2028, 0x2029].contains(&number)
}

fn run(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    let line = escaped(&text);
    assert!(!line.contains(acts), "a log line");
    assert_eq!(escaped(&line), line, "what is escaped stays as it is");
    assert!(!shown(&text).contains(acts), "a terminal");
    assert!(!shown_block(&text).contains(|c| acts(c) && c != '\n' && c != '\t'), "a block on a terminal");
    let cleaned = clean(&text);
    assert!(!cleaned.contains(|c| acts(c) && c != '\n' && c != '\t'), "a message");
    assert_eq!(clean(&cleaned), cleaned, "what is clean stays as it is");
    if !text.contains(|c| acts(c) || u32::from(c) >= 0x2000) && text.chars().all(|c| u32::from(c) < 0x300) {
        assert!(line == text && cleaned == text, "harmless text was changed");
    }
    let kinds = text.chars().filter(|c| acts(*c)).take(4).map(u32::from).collect::<Vec<_>>();
    trace(kinds)
}

fn seeds() -> Vec<Vec<u8>> {
    let written = [
        "a\u{1b}[31mred\u{7}\r\nb",
        "abc\u{202e}cba\u{200b}",
        "Grüße, 世界 🎉",
        "\u{1b}]0;title\u{7}x",
        "\u{9b}2J",
        "\u{ad}\u{61c}\u{feff}",
        "\u{1b}(B\u{1b}[1;2 qx",
        "x\u{e0041}\u{2066}y\u{2069}",
        "one\n\ttwo\u{85}three\u{2028}",
    ];
    written.map(|text| text.as_bytes().to_vec()).to_vec()
}
