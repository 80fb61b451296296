//! The deliveries that were named: from the API, from files of bodies, from JSON lines, from an index of files.

use std::path::Path;

use hookwheel_core::DeliveryId;
use hookwheel_sources::Headers;
use serde_json::Value;

use super::AgainstArgs;
use crate::api::Api;
use crate::commands::capture;
use crate::exit::Failure;

/// A request that was received, or that could be.
pub struct Sample {
    /// Its delivery id, or its file and line.
    pub name: String,
    /// Its source profile, where that is known.
    pub source: Option<String>,
    /// Its webhook's id or slug, where that is known.
    pub webhook: Option<String>,
    /// Names in lower case.
    pub headers: Headers,
    /// The raw body.
    pub body: Vec<u8>,
}

/// What reading stands on.
struct Reader<'a> {
    args: &'a AgainstArgs,
    api: Api,
    headers: Headers,
}

/// Everything that was named, in that order.
pub async fn samples(args: &AgainstArgs) -> Result<Vec<Sample>, Failure> {
    let reader = Reader { args, api: Api::new(&args.api)?, headers: written_headers(&args.header)? };
    let mut samples = Vec::new();
    for what in &args.against {
        match DeliveryId::parse(what.as_str()) {
            Ok(id) if !Path::new(what).exists() => samples.push(reader.stored(id.as_str()).await?),
            _ => samples.extend(reader.file(Path::new(what)).await?),
        }
    }
    Ok(samples)
}

fn written_headers(lines: &[String]) -> Result<Headers, Failure> {
    let header = |text: &String| {
        capture::header(text.as_bytes()).ok_or_else(|| {
            Failure::usage("a --header is not of the form `Name: value`")
                .remedy("write it like -H 'X-GitHub-Event: issues'")
        })
    };
    lines.iter().map(header).collect::<Result<_, _>>().map(Headers)
}

impl Reader<'_> {
    async fn stored(&self, id: &str) -> Result<Sample, Failure> {
        let delivery = self.api.get(&["deliveries", id], &[]).await?;
        let body = self.api.bytes(&["deliveries", id, "body"]).await?;
        Ok(Sample { name: id.to_owned(), body: body.to_vec(), ..self.described(&delivery) })
    }

    async fn file(&self, path: &Path) -> Result<Vec<Sample>, Failure> {
        let bytes = read(path)?;
        if let Some(lines) = lines(&bytes) {
            return self.lines(path, &lines).await;
        }
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Array(rows)) if rows.iter().all(is_index_row) && !rows.is_empty() => self.index(path, &rows),
            Ok(whole) if is_whole(&whole) => Ok(vec![self.whole(path.display().to_string(), &whole)]),
            _ => Ok(vec![self.body(path.display().to_string(), bytes)]),
        }
    }

    async fn lines(&self, path: &Path, lines: &[Value]) -> Result<Vec<Sample>, Failure> {
        let mut samples = Vec::with_capacity(lines.len());
        for (at, line) in lines.iter().enumerate() {
            let name = text(line, "id").unwrap_or_else(|| format!("{}:{}", path.display(), at + 1));
            samples.push(if is_whole(line) { self.whole(name, line) } else { self.stored(&name).await? });
        }
        Ok(samples)
    }

    /// Rows of `file`, `source` and `headers`; the files are beside the index.
    fn index(&self, path: &Path, rows: &[Value]) -> Result<Vec<Sample>, Failure> {
        let beside = path.parent().unwrap_or(Path::new(""));
        let sample = |row: &Value| {
            let name = text(row, "file").unwrap_or_default();
            Ok(Sample { body: read(&beside.join(&name))?, name, ..self.described(row) })
        };
        rows.iter().map(sample).collect()
    }

    fn whole(&self, name: String, value: &Value) -> Sample {
        let body = match &value["body"] {
            Value::String(text) => text.clone().into_bytes(),
            other => other.to_string().into_bytes(),
        };
        Sample { name, body, ..self.described(value) }
    }

    fn body(&self, name: String, body: Vec<u8>) -> Sample {
        Sample { name, body, ..self.described(&Value::Null) }
    }

    /// What a record says beside its body; options fill what it leaves open.
    fn described(&self, record: &Value) -> Sample {
        let headers = headers(&record["headers"]).unwrap_or_else(|| self.headers.clone());
        let source = text(record, "source").or_else(|| self.args.source.clone());
        Sample { name: String::new(), source, webhook: text(record, "webhook"), headers, body: Vec::new() }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

/// The file as one record a line, if its first line is one.
fn lines(bytes: &[u8]) -> Option<Vec<Value>> {
    let records = bytes.split(|&b| b == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let records: Option<Vec<Value>> = records.map(|line| serde_json::from_slice(line).ok()).collect();
    let is_record =
        |value: &Value| is_whole(value) || text(value, "id").is_some_and(|id| DeliveryId::parse(id).is_ok());
    records.filter(|records| !records.is_empty() && records.iter().all(is_record))
}

fn is_whole(value: &Value) -> bool {
    value.get("body").is_some() && value.get("headers").is_some()
}

fn is_index_row(row: &Value) -> bool {
    text(row, "file").is_some() && text(row, "source").is_some()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

/// Headers as `{ name: value }`, `[{ name, value }]` or `[[name, value]]`.
fn headers(value: &Value) -> Option<Headers> {
    let pair = |name: &str, value: &Value| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name.to_ascii_lowercase(), value.into_bytes())
    };
    let headers = match value {
        Value::Object(map) => map.iter().map(|(name, value)| pair(name, value)).collect(),
        Value::Array(list) => {
            let one = |item: &Value| {
                let (name, value) = match item {
                    Value::Array(two) => (two.first()?, two.get(1)?),
                    item => (item.get("name")?, item.get("value")?),
                };
                Some(pair(name.as_str()?, value))
            };
            list.iter().filter_map(one).collect()
        }
        _ => return None,
    };
    Some(Headers(headers))
}
