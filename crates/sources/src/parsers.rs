//! The parsers that see a sender's bytes, for the fuzz targets. No promise is made about these names.

pub use crate::json::{Json, parse, parse_object};

use crate::{BadBody, form};

/// The only `payload` of a form body, decoded.
pub fn payload_of_form(body: &[u8]) -> Result<Vec<u8>, BadBody> {
    form::payload(body)
}

/// The fields of a form as a JSON object of strings.
pub fn form_as_object(body: &[u8]) -> Result<Vec<u8>, BadBody> {
    form::object(body)
}
