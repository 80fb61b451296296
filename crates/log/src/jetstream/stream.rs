//! Identity and bounds of a stream.

use serde::Deserialize;
use serde_json::json;

use super::api::call;
use super::link::Link;
use crate::{LogError, Seq, StreamInfo};

#[derive(Deserialize)]
struct Info {
    created: String,
    state: State,
}

#[derive(Deserialize)]
struct State {
    first_seq: Seq,
    last_seq: Seq,
}

/// What the stream's leader says.
pub(super) async fn info(link: &Link, stream: &str) -> Result<StreamInfo, LogError> {
    let info = call::<Info>(link, &format!("STREAM.INFO.{stream}"), &json!({})).await?;
    let info = info.map_err(|error| error.about(&format!("stream {stream}")))?;
    Ok(StreamInfo {
        incarnation: info.created,
        // A stream that never held a record says 0.
        first: info.state.first_seq.max(1),
        last: info.state.last_seq,
    })
}
