//! Inputs that read like a request: opening lines, headers, an empty line, a body.

use std::collections::BTreeMap;

use hookwheel_sources::Headers;

/// An input taken apart. Whatever is missing is empty, so every input is one.
pub(crate) struct Parts<'a> {
    /// So many lines before the headers.
    pub(crate) opening: Vec<&'a [u8]>,
    /// Lines up to the empty one, names lower-case.
    pub(crate) headers: Headers,
    /// All that follows.
    pub(crate) body: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(crate) fn of(input: &'a [u8], opening_lines: usize) -> Self {
        let mut rest = input;
        let mut line = || {
            let end = rest.iter().position(|&b| b == b'\n');
            let line = &rest[..end.unwrap_or(rest.len())];
            rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
            line
        };
        let opening = (0..opening_lines).map(|_| line()).collect();
        let lines: Vec<&[u8]> = std::iter::from_fn(|| Some(line()).filter(|line| !line.is_empty())).collect();
        let headers = lines.iter().filter_map(|line| {
            let colon = line.iter().position(|&b| b == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?.to_ascii_lowercase();
            Some((name, line[colon + 1..].trim_ascii().to_vec()))
        });
        Self { opening, headers: Headers(headers.collect()), body: rest }
    }

    /// An opening line as text.
    pub(crate) fn text(&self, line: usize) -> &'a str {
        self.opening.get(line).and_then(|line| std::str::from_utf8(line).ok()).unwrap_or_default()
    }
}

/// The input that [`Parts::of`] takes apart so.
pub(crate) fn written<'h>(
    opening: &[&str],
    headers: impl IntoIterator<Item = (&'h str, &'h str)>,
    body: &[u8],
) -> Vec<u8> {
    let mut text: String = opening.iter().flat_map(|line| [*line, "\n"]).collect();
    for (name, value) in headers {
        text.extend([name, ": ", value, "\n"]);
    }
    text.push('\n');
    [text.as_bytes(), body].concat()
}

/// The one of these that a name means; for a name that was mutated always the same other one.
pub(crate) fn named<'n>(names: &[&'n str], wanted: &[u8]) -> &'n str {
    let found = names.iter().find(|name| name.as_bytes() == wanted);
    let at = usize::try_from(crate::trace(wanted) >> 32).unwrap_or(0) % names.len().max(1);
    found.or_else(|| names.get(at)).copied().unwrap_or_default()
}

/// Rows of the fixtures' indexes: profile, headers, body.
pub(crate) fn indexed() -> Vec<(String, BTreeMap<String, String>, Vec<u8>)> {
    #[derive(serde::Deserialize)]
    struct Row {
        file: String,
        source: String,
        headers: BTreeMap<String, String>,
    }
    let files: BTreeMap<String, Vec<u8>> = crate::corpus::fixtures("").into_iter().collect();
    let mut rows = Vec::new();
    for (path, bytes) in files.iter().filter(|(path, _)| path.ends_with("/index.json")) {
        let folder = path.trim_end_matches("index.json");
        for row in serde_json::from_slice::<Vec<Row>>(bytes).unwrap_or_default() {
            if let Some(body) = files.get(&format!("{folder}{}", row.file)) {
                rows.push((row.source, row.headers, body.clone()));
            }
        }
    }
    rows
}
