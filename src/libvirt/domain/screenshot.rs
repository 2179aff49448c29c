//! A picture of what a guest shows.

use virt::sys;

use super::super::door::read;
use super::super::failure::take_text;
use super::super::stream::Use;
use super::Domain;
use crate::error::{Error, Result};

/// Bytes that no picture of a screen has.
const TOO_MUCH: usize = 256 << 20;

/// A picture in the form that the driver gives it.
#[derive(Clone, Debug)]
pub struct Screenshot {
    /// its MIME type, such as `image/png` or `image/x-portable-pixmap`
    pub mime: String,
    /// the bytes of its file
    pub data: Vec<u8>,
}

impl Domain {
    /// What it shows on one of its screens, counted from 0 (`virDomainScreenshot`).
    pub fn screenshot(&self, screen: u32) -> Result<Screenshot> {
        let operation = read("domain.screenshot");
        let (stream, mime) = self.open_stream(operation, Use::Receive, move |d, stream| {
            // SAFETY: a live domain and an open stream; the text is ours to free.
            unsafe { take_text(sys::virDomainScreenshot(d.as_ptr(), stream, screen, 0)) }
        })?;
        let interrupt = self.connection().door().interrupt();
        let data = stream.receive_all(TOO_MUCH, interrupt)?.ok_or_else(|| {
            Error::new("internal_error", "the driver sends no end of a picture").object(self.label())
        })?;
        stream.finish(interrupt)?;
        Ok(Screenshot { mime, data })
    }
}
