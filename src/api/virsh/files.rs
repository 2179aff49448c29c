//! Files as virsh reads them, and documents as libxml2 writes them.

use std::io::Read;

use rhai::Blob;
use rhai::plugin::{Dynamic, ImmutableString, export_module};

use crate::api::Fallible;
use crate::error::{Error, Result, code};
use crate::libvirt;

/// The most that a document may have, in bytes.
const MOST: u64 = 10 << 20;

/// Reads a whole file with the words that libvirt has for what can go wrong.
fn read(path: &str, most: u64) -> Result<Vec<u8>> {
    let failed = |what: &str, why: &str| {
        Error::new(code::IO, format!("Failed to {what} file '{path}': {why}")).object(path)
    };
    let mut file = std::fs::File::open(path).map_err(|error| failed("open", &Error::words(&error)))?;
    let mut bytes = Vec::new();
    let read = file.by_ref().take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| failed("read", &Error::words(&error)))?;
    if bytes.len() as u64 > most {
        return Err(failed("read", "Value too large for defined data type"));
    }
    Ok(bytes)
}

#[export_module(manifest)]
pub(super) mod file_functions {
    /// The text of a file of at most 10 MiB.
    ///
    /// Errors: `io` with libvirt's words.
    ///
    /// ```rhai
    /// try { vsh::read_file("/no/such/file") } catch (e) { print(e.message) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read_file(path: ImmutableString) -> Fallible<String> {
        let bytes = read_bytes(path, super::MOST as i64)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The bytes of a file of at most so many.
    ///
    /// Errors: as `read_file`.
    ///
    /// ```rhai
    /// try { vsh::read_bytes("/no/such/file", 1024) } catch (e) { print(e.message) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read_bytes(path: ImmutableString, most: i64) -> Fallible<Blob> {
        Ok(super::read(&path, most.unsigned_abs())?)
    }

    /// What an XPath expression finds in a document, as `--xpath` of virsh prints it.
    ///
    /// There is a line for each node; with `wrap` all stand below an element `nodes`.
    ///
    /// Errors: `xml` for a text that is no XML; `internal_error` for an expression that gives no nodes.
    ///
    /// ```rhai
    /// print(vsh::xpath(domain("test").xml, "//name", false));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn xpath(document: Dynamic, expression: ImmutableString, wrap: bool) -> Fallible<String> {
        let text = crate::api::definition_text(&document)?;
        Ok(libvirt::xpath(&text, &expression, wrap)?)
    }

    /// A document as libxml2 writes it.
    ///
    /// Errors: `xml` for a text that is no XML.
    ///
    /// ```rhai
    /// print(vsh::libxml("<a b='1'></a>"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn libxml(document: Dynamic) -> Fallible<String> {
        Ok(libvirt::rewritten(&crate::api::definition_text(&document)?)?)
    }
}
